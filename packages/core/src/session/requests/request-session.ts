import type { AuthError } from '../../errors.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import type { AccessToken } from '../../tokens/token-set.ts';
import type { Session } from '../backends/state/session-state.ts';
import type { CookieToSet } from '../cookies/cookies.ts';

/** Options of {@link WebSessions.open}. */
export interface RequestSessionOptions {
  /**
   * False if the response cannot set a cookie, for example while a page is rendered. A function is called each time.
   * The refresh token of a cookie session is not spent then, because its successor would be lost. Default: true.
   */
  readonly writable?: boolean | (() => boolean);
  /**
   * False for a request that the user has not caused, for example a prefetch: it does not extend the idle lifetime. A
   * necessary refresh is still written. Default: true.
   */
  readonly isUse?: boolean | undefined;
  /** The path of the page that is rendered, for error messages. Default: messages name no page. */
  readonly path?: string | undefined;
  /**
   * Refreshes that a proxy tried for this request. Where no cookie can be set, their errors are thrown instead of
   * `wrong_context`. Default: none.
   */
  readonly failedRefreshes?: readonly FailedRefresh[] | undefined;
  /**
   * An object that identifies the request while its cookies stay the same. All calls with the same object share one
   * session, and see each other's refreshes and changes. The options of the first call apply. Default: not shared.
   */
  readonly request?: object | undefined;
}

/**
 * Selects an access token. Default: the access token of the login. Use a fixed set of values, never input of a request: a
 * session can request 20 further tokens at once, then one in 5 seconds (`rate_limited`).
 */
export interface SessionTokenRequest {
  /** The API that the token is for (RFC 8707). Default: the first `resource` of the client. */
  readonly resource?: string | undefined;
  /** A narrower scope than granted, space-separated. Default: the granted scope. */
  readonly scope?: string | undefined;
  /** Refresh although the token is still valid, for example because its claims have changed. Default: false. */
  readonly forceRefresh?: boolean | undefined;
  /**
   * The value of an access token that an API rejected. It is replaced once: the replacement is returned for five
   * minutes, even if the API rejects it too. Default: none.
   */
  readonly rejectedToken?: string | undefined;
}

/** A refresh that failed before the session was opened. */
export interface FailedRefresh extends Pick<SessionTokenRequest, 'resource' | 'scope'> {
  readonly error: AuthError;
}

/** The session of one request. */
export interface RequestSession {
  /** The current session. `undefined` if the user is not signed in. */
  readonly session: Session | undefined;
  /** Cookies that the response must set. Read them after all other calls. */
  readonly cookies: readonly CookieToSet[];
  /**
   * Returns a valid access token, and refreshes it if necessary.
   *
   * @throws LoginRequiredError if the user is not signed in, or the provider has ended the session
   * @throws ConfigurationError `wrong_context` if a refresh is needed but no cookie can be set
   * @throws TransportError if the provider is temporarily unavailable; the session stays
   */
  getAccessToken(request?: SessionTokenRequest): Promise<AccessToken>;
  /** Seconds until the access token expires. `undefined` if it is missing or its expiry is unknown. */
  getRemainingLifetime(request?: SessionTokenRequest): number | undefined;
  /**
   * Changes the application's data in the session.
   *
   * @throws LoginRequiredError if the user is not signed in
   * @throws ConfigurationError `wrong_context` if no cookie can be set, `invalid_option` if the data is not a JSON object,
   *   `cookies_too_large` if it does not fit
   */
  update(change: (data: Readonly<JsonObject>) => JsonObject): Promise<Session>;
  /**
   * Keeps refreshed tokens for ten minutes, for the next request with the previous cookie. Call it if the response does not
   * set the cookies, or may not. Has no effect without a refresh. Never rejects.
   */
  retainTokens(): Promise<void>;
  /**
   * Records that the session is in use, which extends its idle lifetime. Writes only from time to time: after a tenth of
   * the idle lifetime. Near the expiry of the access token it refreshes the tokens.
   *
   * @param options `force`: always writes, and fails if the store is unavailable. Default: false.
   */
  touch(options?: { readonly force?: boolean }): Promise<void>;
}
