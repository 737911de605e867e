import { importVerificationKey, verifySignature } from '#platform';
import { AuthError, TransportError, ValidationError } from '../../errors.ts';
import { callListener, type EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import { fetchBounded, getJsonBody, type HttpOptions } from '../../internal/http.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { selectUsableKeys } from '../../internal/json/key-set-document.ts';
import {
  keyFits,
  type SignatureAlgorithm,
  type VerificationKey,
} from '../../internal/signature-algorithms.ts';
import { createTokenBucket } from '../../internal/token-bucket.ts';
import type { IssuerStatistics } from '../caches/statistics.ts';

/** Whether a key is still in the set; what it verified dies with it. */
export interface KeyLife {
  retired: boolean;
}

interface Key extends KeyLife {
  readonly jwk: JsonObject;
  /** One import per algorithm; `undefined` when the key is malformed. */
  readonly imported: Map<SignatureAlgorithm, Promise<VerificationKey | undefined>>;
}

/** An issuer's keys. */
export interface KeySet {
  /**
   * True while the keys may be used as they are. Starts a renewal in the background when one is due, so that traffic
   * never waits for it.
   */
  usable(now: number): boolean;
  /** Waits until there are keys that may be used. @throws TransportError when there are none */
  ready(): Promise<void>;
  /**
   * Finds the key that verifies the signature, fetching the keys once more when none does.
   *
   * @returns `undefined` when no key of the issuer made this signature
   * @throws TransportError when that is unknown: the keys cannot be fetched, or were fetched a moment ago, before the
   *   token arrived
   */
  verify(signed: Signed): Promise<KeyLife | undefined>;
  /** How they are; starts nothing. */
  describe(now: number): Omit<IssuerStatistics, 'issuer'>;
}

export interface Signed {
  readonly alg: SignatureAlgorithm;
  readonly kid: string | undefined;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** The claim `iat`, milliseconds since the epoch. It is not verified yet: it decides about this token only. */
  readonly issuedAt: number | undefined;
}

export interface KeySetOptions {
  readonly issuer: string;
  /** Where the keys are; asked before each fetch. */
  readonly jwksUri: () => Promise<string>;
  readonly http: HttpOptions;
  readonly now: Clock;
  /** Milliseconds after which the keys are renewed in the background; after twice that, callers wait for it. */
  readonly maxAge: number;
  /** Milliseconds for which old keys serve while they cannot be renewed. */
  readonly maxStale: number;
  /** Milliseconds between two fetches that tokens with unknown keys may cause, after the first few at once. */
  readonly coolDown: number;
  /** Milliseconds that the issuer's clock and this one may differ. */
  readonly clockTolerance: number;
  readonly onEvent: EventListener | undefined;
}

/** Milliseconds without a further try after a fetch has failed. */
const pause = 1_000;
/** Fetches that tokens with unknown keys may cause at once: a few forged tokens must not delay a rotation. */
const burst = 5;
/** Names of keys that the issuer has removed, of which the newest are kept. */
const removedAtMost = 100;
/** Milliseconds that an issuer may need to show a new key to everybody, for example behind a cache. */
const publication = 60_000;

type Reason = 'first' | 'stale' | 'unknown_kid';

/** Keys behind a `jwks_uri`. @see RFC 7517 section 5 */
export function createRemoteKeySet(options: KeySetOptions): KeySet {
  const { now, maxAge, maxStale, coolDown } = options;
  let keys: Key[] = [];
  let fetchedAt: number | undefined;
  let failedAt: number | undefined;
  let failure: unknown;
  let flight: Promise<void> | undefined;
  // How many fetches have begun, and which of them the keys are from, with the time of its beginning.
  let fetches = 0;
  let current = { fetch: 0, begunAt: Number.NEGATIVE_INFINITY };
  const unknownKeys = createTokenBucket({ capacity: burst, interval: coolDown });
  const removed = new Set<unknown>();

  function fetchKeys(reason: Reason): Promise<void> {
    flight ??= download(reason).finally(() => {
      flight = undefined;
    });
    return flight;
  }

  async function download(reason: Reason): Promise<void> {
    const begun = { fetch: ++fetches, begunAt: now() };
    try {
      const found = await fetchJwks(await options.jwksUri(), options.http);
      const previous = keys;
      keys = merge(previous, found);
      for (const { jwk, retired } of previous) if (retired) removed.add(jwk.kid);
      for (const kid of removed) if (removed.size > removedAtMost) removed.delete(kid);
      current = begun;
      fetchedAt = now();
      failedAt = undefined;
      callListener(options.onEvent, { type: 'keys.fetched', issuer: options.issuer, reason });
    } catch (error) {
      failedAt = now();
      failure = error;
      callListener(options.onEvent, { type: 'keys.failed', issuer: options.issuer, code: codeOf(error) });
      throw error;
    }
  }

  function usable(time: number): boolean {
    if (fetchedAt === undefined) return false;
    const age = time - fetchedAt;
    if (age < maxAge) return true;
    if (age >= maxStale) return false;
    // A key endpoint that is down must not take this API down: after one failure nobody waits for it any more.
    if (age >= 2 * maxAge && failedAt === undefined) return false;
    if (failedAt === undefined || time - failedAt >= pause) fetchKeys('stale').catch(() => {});
    return true;
  }

  async function ready(): Promise<void> {
    if (usable(now())) return;
    if (!flight && failedAt !== undefined && now() - failedAt < pause) throw unavailable(failure);
    try {
      await fetchKeys(fetchedAt === undefined ? 'first' : 'stale');
    } catch (error) {
      if (!usable(now())) throw unavailable(error);
    }
  }

  /**
   * True when the keys decide about a token that none of them verifies: they were asked for after the token arrived, or
   * so long after it was issued that its key must be among them, as a key is published before it is used (OpenID Connect
   * Core section 10.1.1). Without the second rule, each token of a removed key would need a fetch of its own.
   */
  function areDecisive(signed: Signed, arrival: number): boolean {
    if (current.fetch > arrival) return true;
    const { issuedAt } = signed;
    return issuedAt !== undefined && current.begunAt - issuedAt > publication + options.clockTolerance;
  }

  /**
   * Fetches once more for a token that no key verifies.
   *
   * @returns false when another fetch cannot help
   * @throws TransportError when a fetch could help and it is too early for one
   */
  async function renew(signed: Signed): Promise<boolean> {
    const time = now();
    if (!flight && failedAt !== undefined && time - failedAt < pause) throw unavailable(failure);
    const wait = flight ? 0 : unknownKeys.take(time);
    if (wait > 0) {
      // The issuer has removed the key, or it has one of this name, and a name belongs to one key (RFC 7517 section 4.5).
      if (signed.kid !== undefined && (removed.has(signed.kid) || hasNamedKey(keys, signed))) return false;
      if (failedAt !== undefined) throw unavailable(failure);
      // The issuer may have begun to use the key after the last fetch. 401 would log out a user whose token is good.
      throw new TransportError(
        'rate_limited',
        'No key of the issuer fits the access token, and the keys were fetched a moment ago. Try again later.',
        { retryAfter: Math.ceil(wait / 1000) },
      );
    }
    try {
      await fetchKeys('unknown_kid');
    } catch (error) {
      throw unavailable(error);
    }
    return true;
  }

  /** The key among the newest keys, also when they are replaced during the search. */
  async function findCurrentKey(signed: Signed): Promise<Key | undefined> {
    for (;;) {
      const searched = keys;
      const key = await findKey(searched, signed);
      if (key || searched === keys) return key;
    }
  }

  return {
    usable,
    ready,
    async verify(signed) {
      const arrival = fetches;
      if (!usable(now())) await ready();
      const known = await findCurrentKey(signed);
      if (known) return known;
      if (flight) {
        await flight.catch(() => {});
        const found = await findCurrentKey(signed);
        if (found) return found;
      }
      if (areDecisive(signed, arrival) || !(await renew(signed))) return undefined;
      return findCurrentKey(signed);
    },
    describe: (time) => ({
      keys: keys.length,
      keysAge: fetchedAt === undefined ? undefined : Math.floor((time - fetchedAt) / 1000),
      keysFailure: failedAt === undefined ? undefined : codeOf(failure),
      usable: fetchedAt !== undefined && time - fetchedAt < maxStale,
    }),
  };
}

/** Keys that are part of the configuration. They never change. */
export function createStaticKeySet(jwks: readonly JsonObject[]): KeySet {
  const keys = merge([], jwks);
  return {
    usable: () => true,
    ready: async () => {},
    verify: (signed) => findKey(keys, signed),
    describe: () => ({ keys: keys.length, keysAge: undefined, keysFailure: undefined, usable: true }),
  };
}

/**
 * Tries the keys with the token's `kid`, of which there may be several; without any, those that have no `kid`.
 * A token without `kid` is tried with every key of its kind.
 */
async function findKey(keys: readonly Key[], signed: Signed): Promise<Key | undefined> {
  const { alg, kid, data, signature } = signed;
  const fits = ({ jwk }: Key) => (kid === undefined || jwk.kid === kid) && keyFits(jwk, alg);
  const named = keys.filter(fits);
  const candidates =
    named.length > 0 ? named : keys.filter(({ jwk }) => jwk.kid === undefined && keyFits(jwk, alg));
  for (const key of candidates) {
    const imported = await importKey(key, alg);
    // A key that the platform imports and then cannot use verifies nothing, and must not spoil the others.
    const valid = imported && (await verifySignature(alg, imported, data, signature).catch(() => false));
    if (valid) return key;
  }
  return undefined;
}

const hasNamedKey = (keys: readonly Key[], { alg, kid }: Signed): boolean =>
  keys.some(({ jwk }) => jwk.kid === kid && keyFits(jwk, alg));

function importKey(key: Key, alg: SignatureAlgorithm): Promise<VerificationKey | undefined> {
  let imported = key.imported.get(alg);
  if (!imported) {
    // One malformed key must not spoil the others.
    imported = importVerificationKey(key.jwk, alg).catch(() => undefined);
    key.imported.set(alg, imported);
  }
  return imported;
}

/** Keeps the keys that are still there, as they were imported, and retires those that are gone. */
function merge(before: readonly Key[], found: readonly JsonObject[]): Key[] {
  const known = new Map(before.map((key) => [fingerprint(key.jwk), key]));
  const keys = found.map(
    (jwk) => known.get(fingerprint(jwk)) ?? { jwk, retired: false, imported: new Map() },
  );
  const kept = new Set(keys);
  for (const key of before) if (!kept.has(key)) key.retired = true;
  return keys;
}

const fingerprint = (jwk: JsonObject): string =>
  JSON.stringify(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));

async function fetchJwks(uri: string, http: HttpOptions): Promise<JsonObject[]> {
  const response = await fetchBounded(
    uri,
    { headers: { accept: 'application/jwk-set+json, application/json' } },
    http,
  );
  const keys = response.status === 200 ? selectUsableKeys(getJsonBody(response)) : undefined;
  if (!keys) {
    throw new ValidationError('keys_invalid', 'jwks', 'The jwks_uri did not answer with a JSON Web Key Set.');
  }
  return keys;
}

const codeOf = (error: unknown): string => (error instanceof AuthError ? error.code : 'unknown');

/** The token may well be good: the caller is told to come back, not to log in again. */
function unavailable(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError('server_error', "The issuer's keys cannot be had at the moment.");
}
