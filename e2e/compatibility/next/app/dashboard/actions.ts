'use server';

import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth';

export const save = auth.protected.action(async (session, form: FormData): Promise<void> => {
  console.log(`action ran for ${session.user.sub}`);
  redirect(`/dashboard?saved=${form.get('title')}`);
});
