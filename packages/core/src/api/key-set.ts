import { importVerificationKey, verifySignature } from '#platform';
import { AuthError, TransportError, ValidationError } from '../errors.ts';
import { type EventListener, emit } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import { exchange, type HttpOptions, jsonOf } from '../internal/http.ts';
import type { JsonObject } from '../internal/json.ts';
import { usableKeys } from '../internal/key-set-document.ts';
import { keyFits, type SignatureAlgorithm, type VerificationKey } from '../internal/signature-algorithms.ts';
import type { IssuerStatistics } from './statistics.ts';

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
   * @throws TransportError when that cannot be known, because the keys cannot be fetched
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
  /** Milliseconds between two fetches that tokens with unknown keys may cause. */
  readonly coolDown: number;
  readonly onEvent: EventListener | undefined;
}

/** Milliseconds without a further try after a fetch has failed. */
const pause = 1_000;
/** Milliseconds for which a `kid` that was not found causes no further fetch, and how many are remembered. */
const absence = 30_000;
const absentAtMost = 1_000;

type Reason = 'first' | 'stale' | 'unknown_kid';

/** Keys behind a `jwks_uri`. @see RFC 7517 section 5 */
export function createRemoteKeySet(options: KeySetOptions): KeySet {
  const { now, maxAge, maxStale, coolDown } = options;
  let keys: Key[] = [];
  let fetchedAt: number | undefined;
  let failedAt: number | undefined;
  let failure: unknown;
  let coolUntil = 0;
  let flight: Promise<void> | undefined;
  const absent = new Map<string, number>();

  function fetchKeys(reason: Reason): Promise<void> {
    flight ??= download(reason).finally(() => {
      flight = undefined;
    });
    return flight;
  }

  async function download(reason: Reason): Promise<void> {
    try {
      const found = await fetchJwks(await options.jwksUri(), options.http);
      keys = merge(keys, found);
      fetchedAt = now();
      failedAt = undefined;
      absent.clear();
      emit(options.onEvent, { type: 'keys.fetched', issuer: options.issuer, reason });
    } catch (error) {
      failedAt = now();
      failure = error;
      emit(options.onEvent, { type: 'keys.failed', issuer: options.issuer, code: codeOf(error) });
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

  /** Fetches once more for a token that no key verifies; false when that would be pointless or too often. */
  async function renew(kid: string | undefined): Promise<boolean> {
    if (!flight) {
      const time = now();
      // Whoever keeps sending a key of yesterday must not use up the fetches that a real rotation needs.
      if (kid !== undefined && (absent.get(kid) ?? 0) > time) return false;
      if (time < coolUntil) {
        if (failedAt !== undefined) throw unavailable(failure);
        return false;
      }
      coolUntil = time + coolDown;
    }
    try {
      await fetchKeys('unknown_kid');
    } catch (error) {
      throw unavailable(error);
    }
    return true;
  }

  function remember(kid: string | undefined): void {
    if (kid === undefined || kid.length > 200) return;
    if (absent.size >= absentAtMost) absent.clear();
    absent.set(kid, now() + absence);
  }

  return {
    usable,
    ready,
    async verify(signed) {
      if (!usable(now())) await ready();
      const tried = keys;
      const key = await findKey(tried, signed);
      if (key) return key;
      // A fetch that is under way, or has just ended, may have been answered before this token's key was published:
      // that the key is not in it proves nothing.
      await flight?.catch(() => {});
      const found = keys === tried ? undefined : await findKey(keys, signed);
      if (found) return found;
      if (!(await renew(signed.kid))) return undefined;
      const renewed = await findKey(keys, signed);
      if (!renewed) remember(signed.kid);
      return renewed;
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
  const response = await exchange(
    uri,
    { headers: { accept: 'application/jwk-set+json, application/json' } },
    http,
  );
  const keys = response.status === 200 ? usableKeys(jsonOf(response)) : undefined;
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
