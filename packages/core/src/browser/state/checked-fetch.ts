import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';

/** A `fetch` that knows in advance that the code of a login cannot be exchanged. */
export interface CheckedFetch extends Fetch {
  /** Returns the error with which each token request fails, until the page is loaded again. */
  findFailure?(): Error | undefined;
}

/** @throws the error with which the code of a login could not be exchanged: the login must not leave the page */
export function requireTokenRequests(fetch: CheckedFetch | undefined): void {
  const failure = fetch?.findFailure?.();
  if (failure) throw failure;
}
