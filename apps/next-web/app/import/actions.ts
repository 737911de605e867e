'use server';

import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth';
import { createItem, explain } from '../../lib/items';

export interface ImportState {
  readonly error?: string;
  /** The items that were not added, one per line. */
  readonly remaining?: string;
}

const maxItems = 20;

/** Responds with 403 without the scope, even if the action is called without its page. */
export const importItems = auth.protected.action(
  async (_session, _previous: ImportState, form: FormData): Promise<ImportState> => {
    const titles = String(form.get('titles') ?? '')
      .split('\n')
      .map((title) => title.trim())
      .filter((title) => title !== '');
    const joinFrom = (index: number) => titles.slice(index).join('\n');
    if (titles.length > maxItems)
      return { error: `Add at most ${maxItems} items at once.`, remaining: joinFrom(0) };
    for (const [index, title] of titles.entries()) {
      const result = await createItem(title);
      // The form shows the remaining items again: no input is lost, and no item is added twice.
      if (!result.ok)
        return { error: `The first of these was not added. ${explain(result)}`, remaining: joinFrom(index) };
    }
    redirect('/dashboard');
  },
  { scopes: ['items:write'] },
);
