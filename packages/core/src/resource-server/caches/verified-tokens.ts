import type { Clock } from '../../internal/clock.ts';
import { createTextCache } from '../../internal/text-cache.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import type { KeySet } from '../issuers/key-set.ts';
import type { KeyStatus } from '../issuers/signing-keys.ts';
import type { AuthenticatedRequest } from '../requests/authenticated-request.ts';

// How a request skips verification, in four steps:
// 1. `verify` checks a token once and stores it here, with its expiry, its key and a shared `AuthenticatedRequest`.
// 2. The Nest guard calls `findCachedRequest`, which reads the header and looks up the complete token.
// 3. A valid entry with a `request` (a plain bearer JWT without sender constraint) is returned synchronously.
// 4. Every other request is passed to `verify`, which also creates the error for a request that must be rejected.

/** A verified access token. */
export interface CachedToken {
  /** The access token. The complete text is compared on each lookup. */
  readonly text: string;
  readonly verifiedToken: VerifiedAccessToken;
  /** `verifiedToken` as a promise. Callers share it, so that a cache hit allocates nothing. */
  readonly result: Promise<VerifiedAccessToken>;
  /** When the entry expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The key that verified the signature. The entry is invalid as soon as the key is retired. */
  readonly key: KeyStatus;
  /** The issuer's keys; `undefined` for an introspected token. */
  readonly keys: KeySet | undefined;
  /** The request that contains only this token; `undefined` if such a request needs further checks. */
  readonly request: AuthenticatedRequest | undefined;
  readonly issuer: string;
}

export interface VerifiedTokenCache {
  /** Finds an entry that is still valid. */
  find(token: string): CachedToken | undefined;
  add(entry: CachedToken): void;
  readonly size: number;
}

export function createVerifiedTokenCache(
  limits: { readonly maxEntries: number; readonly maxCharacters: number },
  now: Clock,
): VerifiedTokenCache {
  const cache = createTextCache<CachedToken>(limits);
  return {
    find(token) {
      const entry = cache.get(token);
      if (entry === undefined) return undefined;
      const time = now();
      const isValid =
        time < entry.expiresAt &&
        !entry.key.isRetired &&
        (entry.keys === undefined || entry.keys.isUsable(time));
      return isValid ? entry : undefined;
    },
    add: (entry) => cache.set(entry),
    get size() {
      return cache.size;
    },
  };
}
