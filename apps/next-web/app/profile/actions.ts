'use server';

import { refresh } from 'next/cache';
import { auth } from '../../lib/auth';

/** What the application itself keeps in the session, beside what the provider said about the user. */
export const saveGreeting = auth.protected.action(async (_session, form: FormData): Promise<void> => {
  const greeting = String(form.get('greeting') ?? '')
    .trim()
    .slice(0, 40);
  await auth.updateSession((data) => ({ ...data, greeting }));
  refresh();
});
