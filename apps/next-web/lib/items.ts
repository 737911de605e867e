import { TransportError } from '@countersign/core';
import { apiUrl, auth } from './auth';

export interface Item {
  readonly id: string;
  readonly title: string;
  readonly createdAt: string;
}

export type ApiResult<T> = { readonly ok: true; readonly value: T } | ApiFailure;

interface ApiFailure {
  readonly ok: false;
  readonly reason: keyof typeof messages;
}

const messages = {
  refused: 'The API does not accept your login any more. Log out, and in again.',
  forbidden: 'The API answered 403: your account may read items, but not add them.',
  unavailable: 'The API cannot be reached at the moment. Try again.',
  invalid: 'Write 1 to 200 characters.',
} as const;

/** Why an item was not added. */
export const explain = ({ reason }: ApiFailure): string => messages[reason];

export const listItems = () => callApi<readonly Item[]>('/items');

export const createItem = (title: string) =>
  callApi<Item>('/items', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });

/** Calls the API in the user's name. The token never leaves the server. */
async function callApi<T>(path: string, init: RequestInit = {}): Promise<ApiResult<T>> {
  const response = await auth.fetch(apiUrl + path, { ...init, cache: 'no-store' }).catch(unreachable);
  if (!response || response.status >= 500) return { ok: false, reason: 'unavailable' };
  // The token was renewed and sent once more by now.
  if (response.status === 401) return { ok: false, reason: 'refused' };
  if (response.status === 403) return { ok: false, reason: 'forbidden' };
  if (!response.ok) return { ok: false, reason: 'invalid' };
  return { ok: true, value: (await response.json()) as T };
}

function unreachable(error: unknown): undefined {
  if (error instanceof TransportError) return undefined;
  throw error;
}
