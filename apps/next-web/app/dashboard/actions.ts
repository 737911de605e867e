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

/** Anybody can post to an action: it asks for the session itself, whatever page it stands on. */
export async function addItem(_: AddItemState, form: FormData): Promise<AddItemState> {
  await auth.requireSession({ returnTo: '/dashboard' });
  const result = await createItem(String(form.get('title') ?? ''));
  if (!result.ok) return { error: messages[result.reason] };
  refresh();
  return { added: result.value.id };
}
