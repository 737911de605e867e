'use server';

import { refresh } from 'next/cache';
import { auth } from '../../lib/auth';
import { createItem, explain } from '../../lib/items';

export interface AddItemState {
  readonly error?: string;
  /** The identifier of the latest item. */
  readonly added?: string;
}

/** Any client can post to an action, so the action itself requires a session. */
export const addItem = auth.protected.action(
  async (_session, _previous: AddItemState, form: FormData): Promise<AddItemState> => {
    const result = await createItem(String(form.get('title') ?? ''));
    if (!result.ok) return { error: explain(result) };
    refresh();
    return { added: result.value.id };
  },
);
