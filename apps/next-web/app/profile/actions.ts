'use server';

import { refresh } from 'next/cache';
import { auth } from '../../lib/auth';

/** Stores data of the application in the session, beside the claims of the provider. */
export const saveGreeting = auth.protected.action(async (_session, form: FormData): Promise<void> => {
  const greeting = String(form.get('greeting') ?? '')
    .trim()
    .slice(0, 40);
  await auth.updateSession((data) => ({ ...data, greeting }));
  refresh();
});
