'use server';

import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth';
import { createItem, explain } from '../../lib/items';

export interface ImportState {
  readonly error?: string;
  /** What is not added yet, an item on each line. */
  readonly left?: string;
}

const atMost = 20;

/** Who has no such scope is answered 403, also where the action is called without its page. */
export const importItems = auth.protected.action(
  async (_session, _before: ImportState, form: FormData): Promise<ImportState> => {
    const titles = String(form.get('titles') ?? '')
      .split('\n')
      .map((title) => title.trim())
      .filter((title) => title !== '');
    const from = (index: number) => titles.slice(index).join('\n');
    if (titles.length > atMost) return { error: `Add at most ${atMost} items at once.`, left: from(0) };
    for (const [index, title] of titles.entries()) {
      const result = await createItem(title);
      // Nothing that was typed is lost, and nothing is added twice.
      if (!result.ok)
        return { error: `The first of these was not added. ${explain(result)}`, left: from(index) };
    }
    redirect('/dashboard');
  },
  { scopes: ['items:write'] },
);
