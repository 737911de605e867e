'use server';

import { refresh } from 'next/cache';
import { auth } from '../../lib/auth';
import { createItem, explain } from '../../lib/items';

export interface AddItemState {
  readonly error?: string;
  /** The identifier of the item that was added last. */
  readonly added?: string;
}

/** Anybody can post to an action: it does not run without a session, whatever page it stands on. */
export const addItem = auth.protected.action(
  async (_session, _before: AddItemState, form: FormData): Promise<AddItemState> => {
    const result = await createItem(String(form.get('title') ?? ''));
    if (!result.ok) return { error: explain(result) };
    refresh();
    return { added: result.value.id };
  },
);
