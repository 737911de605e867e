import { TransportError } from '../../errors.ts';
import { createTokenBucket, type TokenBucket } from '../../internal/token-bucket.ts';
import { type AccessTokenRequest, findAccessToken, type TokenSet } from '../token-set.ts';

// An application may pass input of a request as `scope` or `resource`. Each value is another access token and another
// refresh, so that one browser could use up the rate limit that the provider has for all users.

/** Further access tokens that a login can request at once. */
const maxAtOnce = 20;
/** Seconds after which the login can request one more. */
const interval = 5;
/** Refresh tokens in memory. The entry that was least recently used is evicted. */
const maxEntries = 10_000;

/** Limits the refreshes for access tokens that a login does not have, whether or not they succeed. */
export interface FurtherTokenLimit {
  /**
   * Call it before the refresh token is sent.
   *
   * @param key the key of the refresh token
   * @param time seconds since the epoch
   * @throws TransportError `rate_limited` if the login has reached the limit
   */
  take(
    key: string,
    tokens: TokenSet,
    options: { readonly tokenRequest: AccessTokenRequest; readonly time: number },
  ): void;
  /**
   * Counts a further access token in the token set that a refresh has returned: the next refresh token has another key.
   *
   * @param time seconds since the epoch
   */
  count(
    next: TokenSet,
    options: {
      readonly previous: TokenSet;
      readonly tokenRequest: AccessTokenRequest;
      readonly time: number;
    },
  ): TokenSet;
}

/**
 * @param loginResource the resource of the access token of the login, which is not limited
 * @param buckets rejected refreshes change no token set, so this process counts them by the key of the refresh token
 */
export function createFurtherTokenLimit(
  loginResource: string | undefined,
  buckets = new Map<string, TokenBucket>(),
): FurtherTokenLimit {
  const isOfLogin = ({ resource, scope }: AccessTokenRequest) =>
    scope === undefined && (resource === undefined || resource === loginResource);
  const isFurther = (tokens: TokenSet, tokenRequest: AccessTokenRequest) =>
    !isOfLogin(tokenRequest) && !findAccessToken(tokens, tokenRequest);
  return {
    take(key, tokens, { tokenRequest, time }) {
      if (!isFurther(tokens, tokenRequest)) return;
      const excess = getCount(tokens, time) + 1 - maxAtOnce;
      if (excess > 0) throw createLimitError(Math.ceil(excess * interval));
      const bucket =
        buckets.get(key) ?? createTokenBucket({ capacity: maxAtOnce, interval: interval * 1000 });
      buckets.delete(key);
      buckets.set(key, bucket);
      for (const oldest of buckets.keys()) {
        if (buckets.size <= maxEntries) break;
        buckets.delete(oldest);
      }
      const wait = bucket.take(time * 1000);
      if (wait > 0) throw createLimitError(Math.ceil(wait / 1000));
    },
    count(next, { previous, tokenRequest, time }) {
      const count = getCount(previous, time) + (isFurther(previous, tokenRequest) ? 1 : 0);
      return count === 0 ? next : { ...next, furtherTokens: { count, at: time } };
    },
  };
}

/** The count decreases by one in each interval. */
function getCount({ furtherTokens }: TokenSet, time: number): number {
  if (!furtherTokens) return 0;
  const elapsed = Math.max(time - furtherTokens.at, 0);
  return Math.max(Math.round((furtherTokens.count - elapsed / interval) * 10) / 10, 0);
}

const createLimitError = (retryAfter: number) =>
  new TransportError(
    'rate_limited',
    `The session has requested more than ${maxAtOnce} access tokens with different values of "scope" or "resource" in a short time. No refresh token was sent. Try again in ${retryAfter} seconds. Request a fixed set of scopes and resources, never values of a request.`,
    { retryAfter },
  );
