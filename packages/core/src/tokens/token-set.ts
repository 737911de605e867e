import type { IdTokenClaims, TokenResponse } from '../client/token-response.ts';

/** An access token and what is known of it. */
export interface AccessToken {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Seconds since the epoch; absent when the provider did not say: then it serves until an API refuses it. */
  readonly expiresAt?: number;
  /** Granted scope, space-separated. */
  readonly scope: string;
  /** The API that it was asked for (RFC 8707), if any. */
  readonly resource?: string;
  /** The narrower scope that it was asked with, if any. */
  readonly requestedScope?: string;
}

/** Everything that one login has yielded so far; plain data, to be sealed or stored. */
export interface TokenSet {
  readonly accessTokens: readonly AccessToken[];
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly claims?: IdTokenClaims;
  /** The scope granted at login. */
  readonly scope: string;
  /** Seconds since the epoch of the last token response. */
  readonly updatedAt: number;
}

/** Which access token is wanted; nothing means the one of the login. */
export interface AccessTokenRequest {
  readonly resource?: string | undefined;
  /** Narrower than granted, space-separated. */
  readonly scope?: string | undefined;
}

/** Access tokens kept per login: beyond this the oldest is dropped. */
const maxAccessTokens = 8;

/** The token set of a login. `time` is in seconds since the epoch. */
export function createTokenSet(
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest = {},
): TokenSet {
  return {
    accessTokens: [entryOf(response, request)],
    ...(response.refreshToken !== undefined && { refreshToken: response.refreshToken }),
    ...(response.idToken !== undefined && { idToken: response.idToken }),
    ...(response.claims && { claims: response.claims }),
    scope: response.scope,
    updatedAt: time,
  };
}

/**
 * The token set after a refresh: what the answer lacks is kept from before,
 * the refresh token (RFC 6749 section 6) and the ID token (OpenID Connect Core section 12.2) alike.
 */
export function applyRefresh(
  set: TokenSet,
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest = {},
): TokenSet {
  const others = set.accessTokens.filter((entry) => !isFor(entry, request));
  const refreshToken = response.refreshToken ?? set.refreshToken;
  const renewed = response.claims && response.idToken !== undefined;
  const idToken = renewed ? response.idToken : set.idToken;
  const claims = renewed ? response.claims : set.claims;
  return {
    accessTokens: [entryOf(response, request), ...others].slice(0, maxAccessTokens),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(claims && { claims }),
    scope: set.scope,
    updatedAt: time,
  };
}

/** The access token that answers a request, whether or not it is still valid. */
export function findAccessToken(set: TokenSet, request: AccessTokenRequest): AccessToken | undefined {
  return set.accessTokens.find((entry) => isFor(entry, request));
}

/** True while a token is valid for at least `margin` more seconds. */
export function isValid(entry: AccessToken, time: number, margin: number): boolean {
  return entry.expiresAt === undefined || entry.expiresAt - margin > time;
}

function isFor(entry: AccessToken, request: AccessTokenRequest): boolean {
  return entry.resource === request.resource && entry.requestedScope === request.scope;
}

function entryOf(response: TokenResponse, request: AccessTokenRequest): AccessToken {
  return {
    accessToken: response.accessToken,
    tokenType: response.tokenType,
    ...(response.expiresAt !== undefined && { expiresAt: response.expiresAt }),
    scope: response.scope,
    ...(request.resource !== undefined && { resource: request.resource }),
    ...(request.scope !== undefined && { requestedScope: request.scope }),
  };
}
