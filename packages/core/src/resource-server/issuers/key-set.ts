import { AuthError, TransportError } from '../../errors.ts';
import { callListener, type EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import { replaceControlCharacters } from '../../internal/control-characters.ts';
import type { HttpOptions } from '../../internal/fetch/bounded-fetch.ts';
import { fetchKeySet } from '../../internal/fetch/fetch-key-set.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { createTokenBucket } from '../../internal/token-bucket.ts';
import type { IssuerStatistics, VerifierCounts } from '../caches/statistics.ts';
import {
  findVerifyingKey,
  hasKeyWithKid,
  type KeyStatus,
  mergeKeys,
  type Signed,
  type SigningKey,
} from './signing-keys.ts';

/** The public keys of an issuer. */
export interface KeySet {
  /** Whether the keys can be used without a fetch. Starts a fetch in the background when one is due. */
  isUsable(now: number): boolean;
  /**
   * Finds the key that verifies the signature. Fetches the keys again if none does.
   *
   * @returns `undefined` if no key of the issuer verifies the signature
   * @throws TransportError if this cannot be decided: the keys cannot be fetched, or a further fetch is not allowed yet
   */
  verify(signedToken: Signed): Promise<KeyStatus | undefined>;
  /** Describes the keys. Starts no fetch. */
  describe(now: number): Omit<IssuerStatistics, 'issuer'>;
}

export interface KeySetOptions {
  readonly issuer: string;
  /** Returns the URL of the keys. Called before each fetch. */
  readonly jwksUri: () => Promise<string>;
  readonly http: HttpOptions;
  readonly now: Clock;
  /** Milliseconds after which the keys are fetched again in the background. After twice that time, callers wait for it. */
  readonly maxAge: number;
  /** Milliseconds for which keys are used while they cannot be fetched. */
  readonly maxStale: number;
  /** Milliseconds between two fetches that tokens with unknown keys cause, after the first immediate ones. */
  readonly coolDown: number;
  /** Tolerated clock difference in milliseconds. */
  readonly clockTolerance: number;
  readonly onEvent: EventListener | undefined;
  readonly counts: VerifierCounts;
}

/** Milliseconds between a failed fetch and the next one. */
const retryDelay = 1_000;
/** Immediate fetches that tokens with unknown keys can cause: a few forged tokens must not delay a key rotation. */
const immediateFetches = 5;
/** Identifiers of removed keys that are stored. The oldest is evicted first. */
const maxRemovedKeys = 100;
/** Milliseconds that an issuer may need to publish a new key to all clients, for example because of a cache. */
const publicationDelay = 60_000;

type FetchReason = 'first' | 'stale' | 'unknown_kid';

/** Creates a key set that is fetched from a `jwks_uri`. RFC 7517 section 5. */
export function createRemoteKeySet(options: KeySetOptions): KeySet {
  const { now, maxAge, maxStale, coolDown } = options;
  let keys: SigningKey[] = [];
  let fetchedAt: number | undefined;
  let failedAt: number | undefined;
  let failure: unknown;
  let pendingFetch: Promise<void> | undefined;
  // Fetches are numbered by their start. `latestFetch` is the one that returned the current keys.
  let startedFetches = 0;
  let latestFetch = { number: 0, startedAt: Number.NEGATIVE_INFINITY };
  const unknownKeyFetches = createTokenBucket({ capacity: immediateFetches, interval: coolDown });
  const removedKeys = new Set<unknown>();

  function fetchKeys(reason: FetchReason): Promise<void> {
    pendingFetch ??= downloadKeys(reason).finally(() => {
      pendingFetch = undefined;
    });
    return pendingFetch;
  }

  async function downloadKeys(reason: FetchReason): Promise<void> {
    const fetch = { number: ++startedFetches, startedAt: now() };
    try {
      const jwks = await fetchKeySet(await options.jwksUri(), options.http);
      const previousKeys = keys;
      keys = mergeKeys(previousKeys, jwks);
      for (const { jwk, isRetired } of previousKeys) if (isRetired) removedKeys.add(jwk.kid);
      for (const kid of removedKeys) if (removedKeys.size > maxRemovedKeys) removedKeys.delete(kid);
      latestFetch = fetch;
      fetchedAt = now();
      failedAt = undefined;
      callListener(options.onEvent, { type: 'keys.fetched', issuer: options.issuer, reason });
    } catch (error) {
      failedAt = now();
      failure = error;
      callListener(options.onEvent, {
        type: 'keys.failed',
        issuer: options.issuer,
        code: readErrorCode(error),
        ...(error instanceof AuthError && { reason: replaceControlCharacters(error.message) }),
      });
      throw error;
    }
  }

  function isUsable(time: number): boolean {
    if (fetchedAt === undefined) return false;
    const age = time - fetchedAt;
    if (age < maxAge) return true;
    if (age >= maxStale) return false;
    // An unavailable key endpoint must not make this API unavailable: after one failure, callers no longer wait for it.
    if (age >= 2 * maxAge && failedAt === undefined) return false;
    if (failedAt === undefined || time - failedAt >= retryDelay) fetchKeys('stale').catch(() => {});
    return true;
  }

  async function waitForKeys(): Promise<void> {
    if (isUsable(now())) return;
    if (!pendingFetch && failedAt !== undefined && now() - failedAt < retryDelay)
      throw toTransportError(failure);
    try {
      await fetchKeys(fetchedAt === undefined ? 'first' : 'stale');
    } catch (error) {
      if (!isUsable(now())) throw toTransportError(error);
    }
  }

  /**
   * Checks whether the current keys are sufficient to reject a token that none of them verifies. They are in two cases: if
   * their fetch started after the token was received, or long enough after the token was issued. A key is published before
   * it is used (OpenID Connect Core section 10.1.1). Without the second case, each token of a removed key would cause a fetch.
   */
  function areConclusive(signedToken: Signed, fetchesAtReceipt: number): boolean {
    if (latestFetch.number > fetchesAtReceipt) return true;
    const { issuedAt } = signedToken;
    return (
      issuedAt !== undefined && latestFetch.startedAt - issuedAt > publicationDelay + options.clockTolerance
    );
  }

  /**
   * Fetches the keys again for a token that no key verifies.
   *
   * @returns false if the token can be rejected without a fetch
   * @throws TransportError if the fetch fails or is not allowed yet
   */
  async function fetchUnknownKey(signedToken: Signed): Promise<boolean> {
    const time = now();
    if (!pendingFetch && failedAt !== undefined && time - failedAt < retryDelay)
      throw toTransportError(failure);
    const wait = pendingFetch ? 0 : unknownKeyFetches.take(time);
    if (wait > 0) {
      // The issuer removed the key, or has another key with this `kid`, which identifies one key (RFC 7517 section 4.5).
      if (
        signedToken.kid !== undefined &&
        (removedKeys.has(signedToken.kid) || hasKeyWithKid(keys, signedToken))
      )
        return false;
      if (failedAt !== undefined) throw toTransportError(failure);
      // The issuer may have started to use the key after the last fetch. 401 would log out a user with a valid token.
      throw new TransportError(
        'rate_limited',
        'No key of the issuer matches the access token, and the keys were fetched recently. Try again later.',
        { retryAfter: Math.ceil(wait / 1000) },
      );
    }
    try {
      await fetchKeys('unknown_kid');
    } catch (error) {
      throw toTransportError(error);
    }
    return true;
  }

  /** Searches again if the keys are replaced during the search. */
  async function findCurrentKey(signedToken: Signed): Promise<SigningKey | undefined> {
    for (;;) {
      const searchedKeys = keys;
      const key = await findVerifyingKey(searchedKeys, signedToken);
      if (key || searchedKeys === keys) return key;
    }
  }

  return {
    isUsable,
    async verify(signedToken) {
      const fetchesAtReceipt = startedFetches;
      const needsFetch = !isUsable(now());
      if (needsFetch) await waitForKeys();
      const key = await findCurrentKey(signedToken);
      if (key) {
        if (!needsFetch) options.counts.hits.keySets++;
        return key;
      }
      if (pendingFetch) {
        await pendingFetch.catch(() => {});
        const fetchedKey = await findCurrentKey(signedToken);
        if (fetchedKey) return fetchedKey;
      }
      if (areConclusive(signedToken, fetchesAtReceipt) || !(await fetchUnknownKey(signedToken)))
        return undefined;
      return findCurrentKey(signedToken);
    },
    describe: (time) => ({
      keys: keys.length,
      keysAge: fetchedAt === undefined ? undefined : Math.floor((time - fetchedAt) / 1000),
      keysFailure: failedAt === undefined ? undefined : readErrorCode(failure),
      usable: fetchedAt !== undefined && time - fetchedAt < maxStale,
    }),
  };
}

/** Creates a key set from configured keys, which never change. */
export function createStaticKeySet(jwks: readonly JsonObject[], counts: VerifierCounts): KeySet {
  const keys = mergeKeys([], jwks);
  return {
    isUsable: () => true,
    async verify(signedToken) {
      const key = await findVerifyingKey(keys, signedToken);
      if (key) counts.hits.keySets++;
      return key;
    },
    describe: () => ({ keys: keys.length, keysAge: undefined, keysFailure: undefined, usable: true }),
  };
}

const readErrorCode = (error: unknown): string => (error instanceof AuthError ? error.code : 'unknown');

/** The token may be valid: the client should retry, not log in again. */
function toTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError('server_error', "The issuer's keys are temporarily unavailable.");
}
