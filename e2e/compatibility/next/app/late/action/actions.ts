'use server';

import { useSessionLate } from '../../../lib/late';

/** Does not await its work. */
export async function startLateWork(): Promise<void> {
  void useSessionLate('action');
}
