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
  rejected: 'The API rejects your login. Log out and log in again.',
  forbidden: 'The API responded with 403: your account has no permission to add items.',
  unavailable: 'The API cannot be reached. Try again later.',
  invalid: 'Enter 1 to 200 characters.',
} as const;

/** The message for the user. */
export const explain = ({ reason }: ApiFailure): string => messages[reason];

export const listItems = () => callApi<readonly Item[]>('/items');

export const createItem = (title: string) =>
  callApi<Item>('/items', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });

/** Calls the API with the user's access token. The token stays on the server. */
async function callApi<T>(path: string, init: RequestInit = {}): Promise<ApiResult<T>> {
  const response = await auth.fetch(apiUrl + path, { ...init, cache: 'no-store' }).catch(unreachable);
  if (!response || response.status >= 500) return { ok: false, reason: 'unavailable' };
  // auth.fetch() has refreshed the token and sent the request again.
  if (response.status === 401) return { ok: false, reason: 'rejected' };
  if (response.status === 403) return { ok: false, reason: 'forbidden' };
  if (!response.ok) return { ok: false, reason: 'invalid' };
  return { ok: true, value: (await response.json()) as T };
}

function unreachable(error: unknown): undefined {
  if (error instanceof TransportError) return undefined;
  throw error;
}
