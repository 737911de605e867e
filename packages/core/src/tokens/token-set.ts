import type { IdTokenClaims, TokenResponse } from '../client/wire/token-response.ts';

/**
 * An access token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-1.4
 */
export interface AccessToken {
  /** The token value, as it is sent to a resource server. */
  readonly accessToken: string;
  /** `DPoP`: a request with the token also needs a DPoP proof. */
  readonly tokenType: 'Bearer' | 'DPoP';
  /**
   * Expiry in seconds since the epoch. Absent when the token response has no `expires_in`, or 0: the token is then used
   * until a resource server rejects it.
   */
  readonly expiresAt?: number;
  /** The granted scopes. */
  readonly scopes: readonly string[];
  /** The resource server for which the token was requested (RFC 8707). Absent: the provider chose it. */
  readonly resource?: string;
}

/** An access token as it is stored, with the members that decide when it is refreshed and which request it serves. */
export interface StoredAccessToken extends AccessToken {
  /** Seconds since the epoch at which the token was received. */
  readonly receivedAt?: number;
  /** The `scope` of the token request, when it was narrower than the grant. */
  readonly requestedScope?: string;
  /** The token replaced one that a resource server rejected. For five minutes, it is used even if it is rejected too. */
  readonly replacesRejected?: true;
}

/** What identifies a user. */
export interface UserIdentity {
  readonly iss: string;
  readonly sub: string;
}

/** All tokens of one login. Plain data: it can be stored as JSON. */
export interface TokenSet {
  /** The most recently received token first; one for each resource server and requested scope. */
  readonly accessTokens: readonly StoredAccessToken[];
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly claims?: IdTokenClaims;
  /**
   * The user of an OAuth 2 login, which has no ID token: from the userinfo response of the provider, which is not signed.
   * Absent if there are `claims`.
   */
  readonly identity?: UserIdentity;
  /** The scopes granted at login. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch of the last token response. */
  readonly updatedAt: number;
  /** Count of refreshes since the login. It orders the token sets of a login. Default: 0. */
  readonly refreshCount?: number;
  /**
   * Recent refreshes for access tokens that the login did not have: their count at a time in seconds since the epoch. It
   * decreases with time.
   */
  readonly furtherTokens?: { readonly count: number; readonly at: number };
}

/** Some providers send `null`, an empty text or a number for an absent `sid`. */
const isSessionId = (sid: unknown): sid is string => typeof sid === 'string' && sid !== '';

/** Returns the user of a login: that of the ID token, or else that of userinfo. */
export function getIdentity({
  claims,
  identity,
}: Pick<TokenSet, 'claims' | 'identity'>): (UserIdentity & { readonly sid?: string }) | undefined {
  if (!claims) return identity;
  const { iss, sub, sid } = claims;
  return { iss, sub, ...(isSessionId(sid) && { sid }) };
}

/** Which access token of a login is requested. Default: the one of the login. */
export interface AccessTokenRequest {
  /** The resource server for which the token is requested (RFC 8707). */
  readonly resource?: string | undefined;
  /** A scope that is narrower than the grant, space-separated. */
  readonly scope?: string | undefined;
}

/** Access tokens of one login. The oldest with a requested scope are dropped first, then the oldest. */
const maxAccessTokens = 8;

/**
 * Creates the token set of a login, which a `TokenHolder` stores.
 *
 * @param time seconds since the epoch
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @example
 * ```ts
 * import { createTokenSet, type TokenResponse } from '@countersign/core';
 *
 * const toTokenSet = (response: TokenResponse) => createTokenSet(response, Math.floor(Date.now() / 1000));
 * ```
 */
export function createTokenSet(
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest = {},
): TokenSet {
  return {
    accessTokens: [createStoredToken(response, time, request)],
    ...(response.refreshToken !== undefined && { refreshToken: response.refreshToken }),
    ...(response.idToken !== undefined && { idToken: response.idToken }),
    ...(response.claims && { claims: response.claims }),
    scopes: response.scopes,
    updatedAt: time,
  };
}

/**
 * Creates the token set after a refresh. The previous refresh token (RFC 6749 section 6) and the previous ID token (OpenID
 * Connect Core section 12.2) are retained if the response has none.
 *
 * @param time seconds since the epoch
 */
export function applyRefresh(
  set: TokenSet,
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest = {},
): TokenSet {
  const otherTokens = set.accessTokens.filter((entry) => !isFor(entry, request) && isValid(entry, time, 0));
  const refreshToken = response.refreshToken ?? set.refreshToken;
  const hasNewIdToken = response.claims && response.idToken !== undefined;
  const idToken = hasNewIdToken ? response.idToken : set.idToken;
  const claims = hasNewIdToken ? keepSessionId(response.claims, set.claims) : set.claims;
  return {
    accessTokens: dropOldTokens([createStoredToken(response, time, request), ...otherTokens]),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(claims && { claims }),
    ...(set.identity && { identity: set.identity }),
    scopes: set.scopes,
    // Never decreases, even under clock skew: it decides which of two token sets is newer.
    updatedAt: Math.max(time, set.updatedAt),
    refreshCount: (set.refreshCount ?? 0) + 1,
  };
}

/** A page that requests many scopes must not displace the tokens that the other pages use. */
function dropOldTokens(tokens: readonly StoredAccessToken[]): readonly StoredAccessToken[] {
  if (tokens.length <= maxAccessTokens) return tokens;
  const [newest, ...others] = tokens;
  const oldest = others.findLast((token) => token.requestedScope !== undefined) ?? others.at(-1);
  return dropOldTokens([newest as StoredAccessToken, ...others.filter((token) => token !== oldest)]);
}

/**
 * Creates the token set after a refresh whose access token was rejected. The previous refresh token may be spent.
 *
 * @param time seconds since the epoch
 */
export const replaceRefreshToken = (set: TokenSet, refreshToken: string, time: number): TokenSet => ({
  ...set,
  refreshToken,
  updatedAt: Math.max(time, set.updatedAt),
  refreshCount: (set.refreshCount ?? 0) + 1,
});

/**
 * Keeps the `sid` of the login if the ID token of a refresh has none. A logout token may identify the session only by it
 * (OpenID Connect Back-Channel Logout section 2.4). Another `sid` replaces it: the provider has moved the login to another
 * session.
 */
const keepSessionId = (
  claims: IdTokenClaims | undefined,
  previous: IdTokenClaims | undefined,
): IdTokenClaims | undefined =>
  claims && !isSessionId(claims.sid) && isSessionId(previous?.sid)
    ? { ...claims, sid: previous.sid }
    : claims;

/** Checks whether a token set of a login was received later than another one of this login. */
export const isNewerTokenSet = (set: TokenSet, other: TokenSet): boolean =>
  (set.refreshCount ?? 0) > (other.refreshCount ?? 0);

/** Finds the stored access token for a request. It may have expired. */
export function findAccessToken(set: TokenSet, request: AccessTokenRequest): StoredAccessToken | undefined {
  return set.accessTokens.find((entry) => isFor(entry, request));
}

/** The public members of a stored access token. */
export function toAccessToken({
  receivedAt: _,
  requestedScope: __,
  replacesRejected: ___,
  ...token
}: StoredAccessToken): AccessToken {
  return token;
}

/** Checks that a token is valid for more than `margin` seconds. */
export function isValid(entry: AccessToken, time: number, margin: number): boolean {
  return entry.expiresAt === undefined || entry.expiresAt - margin > time;
}

function isFor(entry: StoredAccessToken, request: AccessTokenRequest): boolean {
  return entry.resource === request.resource && entry.requestedScope === request.scope;
}

function createStoredToken(
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest,
): StoredAccessToken {
  return {
    accessToken: response.accessToken,
    tokenType: response.tokenType,
    ...(response.expiresAt !== undefined && { expiresAt: response.expiresAt }),
    receivedAt: time,
    scopes: response.scopes,
    ...(request.resource !== undefined && { resource: request.resource }),
    ...(request.scope !== undefined && { requestedScope: request.scope }),
  };
}
