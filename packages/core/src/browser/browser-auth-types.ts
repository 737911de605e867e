import type { IdTokenClaims } from '../client/wire/token-response.ts';
import type { AccessToken } from '../tokens/token-set.ts';
import type { AuthorizationOptions } from './login/authorization-request.ts';
import type { LoginHolder } from './state/login-holder.ts';

/** `loading`: not yet known whether the user is signed in. `error`: this could not be determined. */
export type BrowserAuthStatus = 'loading' | 'signed-in' | 'signed-out' | 'error';

/** The login state at one moment. Each change creates a new object. It contains no token. */
export interface BrowserAuthSnapshot {
  readonly status: BrowserAuthStatus;
  /** The claims of the validated ID token, while signed in. */
  readonly claims?: IdTokenClaims;
  /** The granted scopes, while signed in. */
  readonly scopes?: readonly string[];
  /** The expiry of the access token, in seconds since the epoch. The token is refreshed when a request needs it. */
  readonly expiresAt?: number;
  /** The login, while signed in. A request that begins now belongs to it: see {@link GetAccessTokenOptions.holder}. */
  readonly holder?: LoginHolder;
  /** The last error. */
  readonly error?: Error;
}

/** Options of {@link BrowserAuth.login}. */
export interface LoginOptions extends AuthorizationOptions {
  /**
   * The page to show after the login: a path that begins with `/`, or a URL of this origin. Default: the current page with
   * its query and fragment. On the page of the redirect URI after a failed login, it is the page that the failed login
   * wanted.
   */
  readonly returnTo?: string | undefined;
  /** `popup`: in a window, with `addPopupLogin`. Default: the login leaves the page. */
  readonly display?: 'page' | 'popup' | undefined;
  /** The redirect URI of this login, which is completed with `handleCallback`. Default: the option of the client. */
  readonly redirectUri?: string | undefined;
  /** Shows the page of the provider for this login. Default: the option of the client. */
  readonly navigate?: ((url: string, state: string) => void | Promise<void>) | undefined;
}

/** Options of {@link BrowserAuth.getAccessToken}. */
export interface GetAccessTokenOptions {
  /** The resource server (RFC 8707). Default: the first of the option `resource`. */
  readonly resource?: string | undefined;
  /** A scope that is narrower than the grant, space-separated. Default: the scope of the login. */
  readonly scope?: string | undefined;
  /**
   * The value of an access token that a resource server rejected. A newer token is returned, after a refresh if needed. If
   * this token had itself replaced a rejected one, the resource server rejects each token: it is returned again until its
   * expiry, without a request. Default: none.
   */
  readonly rejectedToken?: string | undefined;
  /** Refreshes although the token is still valid, for example to receive new claims. Default: false. */
  readonly forceRefresh?: boolean | undefined;
  /**
   * The login to which the request belongs: `snapshot().holder` when the request began, or `holder` of the token with which
   * it was sent before. `null`: the request began without a login and receives no token. Default: the login of the snapshot
   * at the time of the call, or the one that is being restored.
   */
  readonly holder?: LoginHolder | null | undefined;
}

/** An access token and the login to which it belongs. */
export interface BrowserAccessToken extends AccessToken {
  readonly holder?: LoginHolder;
}

/** Options of {@link BrowserAuth.logout}. */
export interface LogoutOptions {
  /** Where the provider sends the user after the logout. Default: the option of the same name. */
  readonly postLogoutRedirectUri?: string | undefined;
  /** Ends the login of this application only. The session at the provider remains. Default: false. */
  readonly localOnly?: boolean | undefined;
}

/** The result of {@link BrowserAuth.start}. */
export interface BrowserAuthStart {
  /**
   * The page to show, if this page is the callback of a login. After a login that failed, it is known as soon as the user is
   * signed in, for example because the network returned: call `start` again after a change of the snapshot.
   */
  readonly returnTo?: string;
  /**
   * The error of the login, if this page is the callback of a login that failed. Do not start a login automatically in this
   * case. It is absent as soon as the user is signed in and the snapshot has no error.
   */
  readonly error?: Error;
}

/** A public OAuth client in the browser: login, tokens and logout. */
export interface BrowserAuth {
  /** Returns the current state. */
  snapshot(): BrowserAuthSnapshot;
  /** Calls a listener after each change. @returns a function that removes the listener */
  subscribe(listener: () => void): () => void;
  /**
   * Completes a login on the callback page, restores a stored login, or tries a silent login. Never throws: errors are in
   * the snapshot.
   *
   * If the state could not be determined, it is tried again when the network or the user returns, and when `start` or
   * `getAccessToken` is called.
   */
  start(): Promise<BrowserAuthStart>;
  /**
   * Leaves the page to log in.
   *
   * @throws ConfigurationError `invalid_option`
   * @throws TransportError if the provider cannot be reached
   */
  login(options?: LoginOptions): Promise<void>;
  /**
   * Completes a login. `start` calls it on the callback page. A native shell calls it with the URL that opened the app.
   *
   * @throws ValidationError, AuthorizationServerError or TransportError. No token is then stored.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
   */
  handleCallback(url: string): Promise<{ readonly returnTo: string }>;
  /**
   * Replaces this page with another page of this origin that restores the login: from the storage that is in use, or with a
   * silent login. Until a page of this tab has restored a login, there is no second replacement. Otherwise a page that
   * cannot restore it would start a login, and its callback would replace the page again, in a loop.
   *
   * @param url a path that begins with `/`, or a URL of this origin
   * @returns false if the login would be lost, or the URL is of another origin. The page then stays
   */
  replacePage(url: string): boolean;
  /**
   * Returns a valid access token. If a refresh is needed, all waiting calls share it. The token belongs to the login with
   * which the call began: if another user logs in meanwhile, the call fails.
   *
   * @throws LoginRequiredError if the user must log in, or the login has changed
   * @throws TransportError if the provider is temporarily unavailable. The login remains.
   * @throws the error of the snapshot, while its status is `error`
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<BrowserAccessToken>;
  /**
   * Creates the headers with which a request presents a token: `Authorization`, and `DPoP` for a bound token.
   *
   * @throws LoginRequiredError if the login of the token has ended
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
   */
  authorize(
    request: { readonly method: string; readonly url: string },
    token: BrowserAccessToken,
  ): Promise<Record<string, string>>;
  /**
   * Stores the `DPoP-Nonce` of a resource server's response.
   *
   * @returns true for a new nonce: the request should be sent again with a new proof
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-9
   */
  rememberNonce(url: string, headers: { get(name: string): string | null }): Promise<boolean>;
  /**
   * Deletes and revokes the tokens, logs out all tabs, and leaves the page for the provider's logout, or for
   * `postLogoutRedirectUri` if the provider has none. If the provider is unavailable, the user is signed out of this
   * application only: the snapshot contains the error, and the page stays. With the option `metadata`, this is not checked.
   */
  logout(options?: LogoutOptions): Promise<void>;
  /** Closes the channel to other tabs. */
  stop(): void;
}
