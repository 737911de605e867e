'use server';

import { refresh } from 'next/cache';
import { auth } from '../../lib/auth';
import { createItem } from '../../lib/items';

export interface AddItemState {
  readonly error?: string;
  /** The identifier of the item that was added last. */
  readonly added?: string;
}

const messages = {
  forbidden: 'The API answered 403: your account may read items, but not add them.',
  unavailable: 'The API cannot be reached at the moment. Try again.',
  invalid: 'Write 1 to 200 characters.',
} as const;

/** Anybody can post to an action: it does not run without a session, whatever page it stands on. */
export const addItem = auth.protected.action(
  async (_session, _before: AddItemState, form: FormData): Promise<AddItemState> => {
    const result = await createItem(String(form.get('title') ?? ''));
    if (!result.ok) return { error: messages[result.reason] };
    refresh();
    return { added: result.value.id };
  },
);
