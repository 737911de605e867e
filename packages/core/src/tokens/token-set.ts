import type { IdTokenClaims, TokenResponse } from '../client/wire/token-response.ts';

/** An access token and what is known of it. */
export interface AccessToken {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Seconds since the epoch; absent when the provider did not say: then it serves until an API refuses it. */
  readonly expiresAt?: number;
  /** Seconds since the epoch at which it was received. */
  readonly receivedAt?: number;
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
    accessTokens: [entryOf(response, time, request)],
    ...(response.refreshToken !== undefined && { refreshToken: response.refreshToken }),
    ...(response.idToken !== undefined && { idToken: response.idToken }),
    ...(response.claims && { claims: response.claims }),
    scope: response.scope,
    updatedAt: time,
  };
}

/**
 * The token set after a refresh; `time` is in seconds since the epoch. What the answer lacks is kept from before,
 * the refresh token (RFC 6749 section 6) and the ID token (OpenID Connect Core section 12.2) alike.
 */
export function applyRefresh(
  set: TokenSet,
  response: TokenResponse,
  time: number,
  request: AccessTokenRequest = {},
): TokenSet {
  const others = set.accessTokens.filter((entry) => !isFor(entry, request) && isValid(entry, time, 0));
  const refreshToken = response.refreshToken ?? set.refreshToken;
  const renewed = response.claims && response.idToken !== undefined;
  const idToken = renewed ? response.idToken : set.idToken;
  const claims = renewed ? response.claims : set.claims;
  return {
    accessTokens: [entryOf(response, time, request), ...others].slice(0, maxAccessTokens),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(claims && { claims }),
    scope: set.scope,
    // Never backwards, whichever clock wrote the last one: the order of token sets is told by it.
    updatedAt: Math.max(time, set.updatedAt),
  };
}

/** The access token that answers a request, whether or not it is still valid. */
export function findAccessToken(set: TokenSet, request: AccessTokenRequest): AccessToken | undefined {
  return set.accessTokens.find((entry) => isFor(entry, request));
}

/** Seconds that the clocks of the machines that share a session may differ. */
const clockTolerance = 300;

/**
 * True for a token that need not be renewed yet: `leeway` seconds before its end, or at half of its life if that is later.
 * One that was received in the future is from before a jump of the clock, and its end means nothing.
 */
export function isFresh(entry: AccessToken, time: number, leeway: number): boolean {
  const { expiresAt, receivedAt = 0 } = entry;
  if (expiresAt === undefined) return true;
  if (receivedAt > time + clockTolerance) return false;
  return isValid(entry, time, Math.min(leeway, Math.max(0, expiresAt - receivedAt) / 2));
}

/** True while a token is valid for at least `margin` more seconds. */
export function isValid(entry: AccessToken, time: number, margin: number): boolean {
  return entry.expiresAt === undefined || entry.expiresAt - margin > time;
}

function isFor(entry: AccessToken, request: AccessTokenRequest): boolean {
  return entry.resource === request.resource && entry.requestedScope === request.scope;
}

function entryOf(response: TokenResponse, time: number, request: AccessTokenRequest): AccessToken {
  return {
    accessToken: response.accessToken,
    tokenType: response.tokenType,
    ...(response.expiresAt !== undefined && { expiresAt: response.expiresAt }),
    receivedAt: time,
    scope: response.scope,
    ...(request.resource !== undefined && { resource: request.resource }),
    ...(request.scope !== undefined && { requestedScope: request.scope }),
  };
}
