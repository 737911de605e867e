import type { IdTokenClaims } from '../client/wire/token-response.ts';
import type { AccessToken } from '../tokens/token-set.ts';
import type { AuthorizationOptions } from './login/authorization.ts';
import type { LoginHolder } from './state/login-holder.ts';

/** `loading` until it is known whether the user is signed in; `error` when that could not be found out. */
export type BrowserAuthStatus = 'loading' | 'signed-in' | 'signed-out' | 'error';

/** The state at one moment; a new object for every change. It holds no token. */
export interface BrowserAuthSnapshot {
  readonly status: BrowserAuthStatus;
  /** Claims of the validated ID token, while signed in. */
  readonly claims?: IdTokenClaims;
  /** Granted scopes, while signed in. */
  readonly scopes?: readonly string[];
  /** When the access token ends, in seconds since the epoch; it is renewed when somebody needs it. */
  readonly expiresAt?: number;
  /** The login, while signed in. A request that begins now belongs to it; see {@link GetAccessTokenOptions.holder}. */
  readonly holder?: LoginHolder;
  /** What went wrong last. */
  readonly error?: Error;
}

export interface LoginOptions extends AuthorizationOptions {
  /** The page to show afterwards, of this origin. Default: the current one with its query and fragment. */
  readonly returnTo?: string;
}

export interface GetAccessTokenOptions {
  /** Default: the first of the option `resource`. */
  readonly resource?: string | undefined;
  /** Narrower than granted, space-separated. */
  readonly scope?: string | undefined;
  /** The value of an access token that an API has refused: a newer one is taken, or fetched once for everybody. */
  readonly refused?: string | undefined;
  /** Refresh although the token is still valid, for example because new claims are wanted. */
  readonly forceRefresh?: boolean;
  /**
   * The login that the request began with: `snapshot().holder` at its beginning, or `holder` of the token that it was
   * sent with before. `null`: it began without a login, and gets no token. Default: the login of the snapshot when this
   * is called, or the one that is being restored.
   */
  readonly holder?: LoginHolder | null | undefined;
}

/** An access token, and the login that it belongs to. */
export interface BrowserAccessToken extends AccessToken {
  readonly holder?: LoginHolder;
}

export interface LogoutOptions {
  /** Default: the option of that name. */
  readonly postLogoutRedirectUri?: string;
  /** End the login of this application only; the provider's own session goes on. */
  readonly localOnly?: boolean;
}

/** Login, tokens and logout of one public client in the browser, free of any framework. */
export interface BrowserAuth {
  /** The state now. */
  snapshot(): BrowserAuthSnapshot;
  /** Calls a listener at every change. @returns what ends it */
  subscribe(listener: () => void): () => void;
  /**
   * Answers a callback, restores a kept login, or tries a silent one. Never throws: see the snapshot.
   *
   * @returns the page to show, when this page is the callback of a login
   */
  start(): Promise<{ readonly returnTo?: string }>;
  /** Leaves the page to log in. @throws TransportError when the provider cannot be reached */
  login(options?: LoginOptions): Promise<void>;
  /**
   * Completes a login. `start` does so by itself; a native shell hands in the URL that it was opened with.
   *
   * @throws ValidationError, AuthorizationServerError or TransportError; nothing is kept then
   */
  handleCallback(url: string): Promise<{ readonly returnTo: string }>;
  /**
   * A valid access token, refreshed when it must be, once for everybody who waits. It belongs to the login with which
   * the call began: when another user logs in meanwhile, the call fails.
   *
   * @throws LoginRequiredError when the user must log in, or the user or the login has changed meanwhile
   * @throws TransportError when the provider is not well; the login stays
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<BrowserAccessToken>;
  /**
   * The headers with which a token is shown to an API: `Authorization`, and a proof where tokens are bound.
   *
   * @throws LoginRequiredError when the login of the token is over
   * @see RFC 9449 section 7.1
   */
  authorize(
    request: { readonly method: string; readonly url: string },
    token: BrowserAccessToken,
  ): Promise<Record<string, string>>;
  /** Keeps the `DPoP-Nonce` of an API's answer. @returns whether it is a new one: then the request is worth a second try */
  rememberNonce(url: string, headers: { get(name: string): string | null }): Promise<boolean>;
  /** Forgets and revokes the tokens, tells the other tabs, and leaves for the provider's logout. */
  logout(options?: LogoutOptions): Promise<void>;
  /** Leaves the other tabs' channel. */
  stop(): void;
}
