import { HttpErrorResponse, HttpHeaders, HttpRequest, HttpResponse } from '@angular/common/http';
import { type BrowserAuth, type LoginHolder, LoginRequiredError } from '@countersign/core/browser';
import { type Observable, of, throwError } from 'rxjs';

export const base = 'https://app.example/';
export const api = 'https://api.example.com/items';

/** Handles a request like the API. */
export type Respond = (request: HttpRequest<unknown>) => Observable<HttpResponse<unknown>>;

export interface FakeClientOptions {
  isSignedIn?: boolean;
  dpop?: boolean;
  login?: () => Promise<void>;
  /** Replaces the refresh after a rejected token. */
  refresh?: () => void;
  /** The error of a state that could not be determined. */
  stateError?: Error;
}

/** Creates a client whose token contains the count of its refreshes. */
export function createFakeClient({
  isSignedIn = true,
  dpop = false,
  login,
  refresh,
  stateError,
}: FakeClientOptions) {
  let current = 1;
  let holder = { iss: 'https://login.example', sub: 'alice', login: '1' };
  const listeners: (() => void)[] = [];
  let nonce: string | undefined;
  const tokenRequests: unknown[] = [];
  const stepUps: unknown[] = [];
  const browser = {
    snapshot: () => {
      if (stateError) return { status: 'error', error: stateError };
      return isSignedIn ? { status: 'signed-in', holder } : { status: 'signed-out' };
    },
    subscribe: (listener: () => void) => void listeners.push(listener),
    getAccessToken: async ({
      holder: requestHolder,
      ...tokenRequest
    }: {
      rejectedToken?: string;
      holder?: LoginHolder;
    }) => {
      tokenRequests.push(tokenRequest);
      if (stateError) throw stateError;
      if (requestHolder && requestHolder.sub !== holder.sub)
        throw new LoginRequiredError('session_ended', 'Ended.');
      if (!isSignedIn) throw new LoginRequiredError('not_signed_in', 'Not signed in.');
      if (tokenRequest.rejectedToken === `token-${current}`) (refresh ?? (() => void current++))();
      return { accessToken: `token-${current}`, tokenType: dpop ? 'DPoP' : 'Bearer', scopes: [], holder };
    },
    authorize: async (_request: unknown, token: { accessToken: string; tokenType: string }) => ({
      authorization: `${token.tokenType} ${token.accessToken}`,
      ...(dpop && { dpop: `proof ${nonce}` }),
    }),
    rememberNonce: async (_url: string, headers: HttpHeaders) => {
      const receivedNonce = headers.get('dpop-nonce') ?? undefined;
      const isNew = dpop && receivedNonce !== undefined && receivedNonce !== nonce;
      nonce = receivedNonce ?? nonce;
      return isNew;
    },
    login: async (loginOptions: unknown) => {
      stepUps.push(loginOptions);
      await login?.();
    },
  } as unknown as BrowserAuth;
  const switchUser = (sub: string) => {
    holder = { ...holder, sub, login: '2' };
    for (const listener of listeners) listener();
  };
  return { browser, tokenRequests, stepUps, switchUser };
}

export const get = (url: string) => new HttpRequest<unknown>('GET', url);
export const post = (url: string, body: unknown) => new HttpRequest<unknown>('POST', url, body);

/** Responds with 401, or another error status, and a challenge. */
export const respondWithError = (challenge: string, status = 401, headers: Record<string, string> = {}) =>
  throwError(
    () =>
      new HttpErrorResponse({
        status,
        headers: new HttpHeaders({ ...headers, ...(challenge && { 'www-authenticate': challenge }) }),
      }),
  );

/** Accepts one token and rejects all others. */
export const acceptOnly =
  (token: string, challenge = 'Bearer error="invalid_token"'): Respond =>
  ({ headers }) =>
    headers.get('authorization') === token
      ? of(new HttpResponse({ status: 200 }))
      : respondWithError(challenge);
