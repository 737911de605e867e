import { parseScopes } from '../protocol/login/scopes.ts';
import {
  type AccessTokenRequest,
  findAccessToken,
  isValid,
  type StoredAccessToken,
  type TokenSet,
} from './token-set.ts';

/** A request for an access token that may exclude one value. */
export interface WantedAccessToken extends AccessTokenRequest {
  /** The value of an access token that must be replaced, for example because a resource server rejected it. */
  readonly rejectedToken?: string | undefined;
  /** The caller wants a new token, even if no resource server rejected the present one. */
  readonly isForced?: boolean | undefined;
}

/**
 * Finds the stored access token that serves a request without a refresh.
 *
 * @param clock `time` in seconds since the epoch; `leeway` as for {@link isFresh}. Without leeway, a token serves until its
 *   expiry: it is used while a refresh is not possible.
 */
export function findUsableToken(
  set: TokenSet,
  tokenRequest: WantedAccessToken,
  { time, leeway }: { readonly time: number; readonly leeway?: number },
): StoredAccessToken | undefined {
  const token = findAccessToken(set, tokenRequest);
  if (!token || isToReplace(token, tokenRequest, time)) return undefined;
  const isUsable = leeway === undefined ? isValid(token, time, 0) : isFresh(token, time, leeway);
  return isUsable ? token : undefined;
}

/** Seconds in which a token that has replaced a rejected one is not replaced. */
const replacementPeriod = 300;

/**
 * A token that has just replaced a rejected one is used although it is rejected too: the resource server rejects each token, and a
 * further refresh would only repeat it. Later, the token may have expired or been revoked.
 */
function isToReplace(
  { accessToken, replacesRejected, receivedAt = 0 }: StoredAccessToken,
  { rejectedToken, isForced }: WantedAccessToken,
  time: number,
): boolean {
  if (accessToken !== rejectedToken) return false;
  const isReplacement = replacesRejected === true && Math.abs(time - receivedAt) < replacementPeriod;
  return isForced === true || !isReplacement;
}

/** Marks the first token, which the last response contains, if it replaces one that a resource server rejected. */
export function markReplacement(
  [first, ...others]: TokenSet['accessTokens'],
  { rejectedToken, isForced }: WantedAccessToken,
): TokenSet['accessTokens'] {
  if (!first || rejectedToken === undefined || isForced) return first ? [first, ...others] : [];
  return [{ ...first, replacesRejected: true }, ...others];
}

/**
 * Finds a valid access token of the same resource server whose scopes include the requested ones. It serves a request for a
 * narrower scope if no narrower token can be issued.
 *
 * @param clock `time` in seconds since the epoch
 */
export function findCoveringToken(
  set: TokenSet,
  { resource, scope, rejectedToken }: WantedAccessToken,
  { time }: { readonly time: number },
): StoredAccessToken | undefined {
  if (scope === undefined) return undefined;
  const wantedScopes = parseScopes(scope);
  return set.accessTokens.find(
    (token) =>
      token.resource === resource &&
      token.accessToken !== rejectedToken &&
      isValid(token, time, 0) &&
      wantedScopes.every((wantedScope) => token.scopes.includes(wantedScope)),
  );
}

/** Seconds by which the clocks of machines that share a session may differ. */
const clockTolerance = 300;

/**
 * Checks that a token need not be refreshed yet. It is refreshed `leeway` seconds before its expiry, but not before half of its
 * lifetime. If it was received in the future, the clock was changed, and its expiry is meaningless.
 */
export function isFresh(entry: StoredAccessToken, time: number, leeway: number): boolean {
  const { expiresAt, receivedAt = 0 } = entry;
  if (expiresAt === undefined) return true;
  if (receivedAt > time + clockTolerance) return false;
  return isValid(entry, time, Math.min(leeway, Math.max(0, expiresAt - receivedAt) / 2));
}
