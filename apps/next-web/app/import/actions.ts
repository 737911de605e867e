'use server';

import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth';
import { createItem } from '../../lib/items';

/** Who has no such scope is answered 403, also where the action is called without its page. */
export const importItems = auth.protected.action(
  async (_session, form: FormData): Promise<void> => {
    const titles = String(form.get('titles') ?? '')
      .split('\n')
      .map((title) => title.trim())
      .filter((title) => title !== '')
      .slice(0, 20);
    for (const title of titles) await createItem(title);
    redirect('/dashboard');
  },
  { scopes: ['items:write'] },
);
