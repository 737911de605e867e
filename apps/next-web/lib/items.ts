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

/** Milliseconds after which the API counts as unavailable. Without a limit, a page waits for an API that never responds. */
const timeout = readTimeout(process.env.API_TIMEOUT ?? '5000');

function readTimeout(text: string): number {
  const milliseconds = Number(text);
  if (Number.isInteger(milliseconds) && milliseconds > 0) return milliseconds;
  throw new Error(`API_TIMEOUT is ${JSON.stringify(text)}, expected milliseconds, for example 5000.`);
}

/** Calls the API with the user's access token. The token stays on the server. */
async function callApi<T>(path: string, init: RequestInit = {}): Promise<ApiResult<T>> {
  // The signal also ends the reading of the body.
  const signal = AbortSignal.timeout(timeout);
  try {
    return await readResult<T>(await auth.fetch(apiUrl + path, { ...init, signal, cache: 'no-store' }));
  } catch (error) {
    // Another error, such as a login that has ended, can be thrown after the time-out.
    if (error === signal.reason || error instanceof TransportError)
      return { ok: false, reason: 'unavailable' };
    throw error;
  }
}

async function readResult<T>(response: Response): Promise<ApiResult<T>> {
  if (response.status >= 500) return { ok: false, reason: 'unavailable' };
  // auth.fetch() has refreshed the token and sent the request again.
  if (response.status === 401) return { ok: false, reason: 'rejected' };
  if (response.status === 403) return { ok: false, reason: 'forbidden' };
  if (!response.ok) return { ok: false, reason: 'invalid' };
  return { ok: true, value: (await response.json()) as T };
}
