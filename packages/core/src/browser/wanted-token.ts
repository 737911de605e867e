import type { TokenSet } from '../tokens/token-set.ts';
import type { WantedAccessToken } from '../tokens/usable-token.ts';
import type { LoginHolder, StoredTokenSet } from './state/login-holder.ts';

/** The access token that a request needs. */
export interface BrowserTokenRequest extends WantedAccessToken {
  /** The login with which the request began. A token of another login is never returned. */
  readonly holder: LoginHolder;
  /** The caller wants a new token, even if no resource server rejected the present one. */
  readonly isForced?: boolean;
}

/** The access token for which a silent login is needed. Default: the one of the login. */
export type SilentLoginRequest = Omit<BrowserTokenRequest, 'holder'>;

/** Marks the first token, which the last response contains, if it replaces one that a resource server rejected. */
export function markReplacement(
  [first, ...others]: TokenSet['accessTokens'],
  { rejectedToken, isForced }: SilentLoginRequest,
): TokenSet['accessTokens'] {
  if (!first || rejectedToken === undefined || isForced) return first ? [first, ...others] : [];
  return [{ ...first, replacesRejected: true }, ...others];
}

/**
 * Omits the rejection of a token that has replaced a rejected one: the resource server rejects each token, and a further
 * refresh would only repeat it. The caller receives the same token.
 */
export function omitRepeatedRejection(
  tokens: StoredTokenSet,
  tokenRequest: BrowserTokenRequest,
): BrowserTokenRequest {
  const { rejectedToken, isForced, ...others } = tokenRequest;
  const isRepeated = tokens.accessTokens.some(
    ({ accessToken, replacesRejected }) => accessToken === rejectedToken && replacesRejected,
  );
  return isRepeated && !isForced ? others : tokenRequest;
}
