import * as oauth from 'oauth4webapi';
import {
  AuthError,
  ConfigurationError,
  getErrorCode,
  TransportError,
  ValidationError,
} from '../../../errors.ts';
import { replaceControlCharacters } from '../../../internal/control-characters.ts';
import { fetchKeySet } from '../../../internal/fetch/fetch-key-set.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import {
  isKeyForAlgorithm,
  isSignatureAlgorithm,
} from '../../../internal/signatures/signature-algorithms.ts';
import { createTokenBucket } from '../../../internal/token-bucket.ts';
import { selectSigningKeys } from '../../../protocol/tokens/signing-keys.ts';
import { isKeyOfIssuer } from '../../../protocol/tokens/token-issuer.ts';
import type { Client } from '../../client.ts';
import { getClientContext, type ProviderKeys } from '../../client-context.ts';
import { emitEvent, reportProblem } from '../../observability.ts';
import { discover } from '../discovery.ts';
import { isRecentFailure, runWithFailurePause } from '../failure-pause.ts';
import { createRequestOptions, createUserAgentHeader } from '../request-options.ts';
import type { AuthorizationServerMetadata } from '../server-metadata.ts';

/**
 * Limit of the key fetches that unknown key IDs may cause, per sender: five at once, then one each ten seconds.
 * `interval` is in milliseconds.
 */
const unknownKeyFetches = { capacity: 5, interval: 10_000 };

/** Milliseconds for which expired keys are used while the keys cannot be fetched. */
const staleKeysLifetime = 86_400_000;

/**
 * The sender of a token:
 * - `provider`: the provider, in response to a request of this client
 * - `browser`: a browser, in the front channel
 * - `anyone`: any client, at an endpoint that this token alone authenticates
 *
 * Each sender has a separate limit, so that forged tokens of an attacker do not block logins.
 */
export type TokenSender = 'provider' | 'browser' | 'anyone';

export interface KeyOptions {
  /** Default: `provider`. */
  readonly sender?: TokenSender;
  /** The `iss` of the token, which selects the keys of a provider with tenants. Default: keys that all tenants share. */
  readonly tokenIssuer?: string | undefined;
}

type Verify<T> = (
  metadata: AuthorizationServerMetadata,
  options: ReturnType<typeof createRequestOptions> & { [oauth.jwksCache]: oauth.JWKSCacheInput },
) => Promise<T>;

/** Runs a verification of the protocol library with the provider's keys, as {@link verifyWithKeySet} does. */
export async function verifyWithKeys<T>(
  client: Client,
  verify: Verify<T>,
  options: KeyOptions = {},
): Promise<T> {
  return verifyWithKeySet(
    client,
    async ({ keys }, metadata) => {
      const verifyWith = (candidates: readonly oauth.JWK[]) =>
        // New metadata and cache objects with the current time: the protocol library must use these keys and fetch none.
        verify(
          { ...metadata },
          {
            ...createRequestOptions(client),
            [oauth.jwksCache]: {
              jwks: { keys: structuredClone([...candidates]) },
              uat: Math.floor(Date.now() / 1000),
            },
          },
        );
      try {
        return await verifyWith(keys);
      } catch (error) {
        return verifyWithEachKey(error, keys, verifyWith);
      }
    },
    options,
  );
}

/**
 * Repeats a verification with each key that may have signed the token, if the protocol library found several keys or
 * none. It accepts only one key for a token.
 */
async function verifyWithEachKey<T>(
  error: unknown,
  keys: readonly oauth.JWK[],
  verifyWith: (candidates: readonly oauth.JWK[]) => Promise<T>,
): Promise<T> {
  const { code, cause } = error as { code?: unknown; cause?: { header?: { alg?: unknown; kid?: string } } };
  const { alg, kid } = cause?.header ?? {};
  if (code !== oauth.KEY_SELECTION || !isSignatureAlgorithm(alg)) throw error;
  const fittingKeys = keys.filter((key) => isKeyForAlgorithm(key as JsonObject, alg));
  const candidates = selectSigningKeys(fittingKeys, kid);
  let failure = error;
  for (const candidate of candidates) {
    // The key fits the algorithm, but its `alg` can be the other name of the same one (RFC 9864 section 2.2).
    const { alg: _, ...key } = candidate;
    try {
      return await verifyWith([kid === undefined ? key : { ...key, kid }]);
    } catch (thrownError) {
      // The key may not be published yet: the key set is fetched again, unless a key with the kid is known.
      if (kid !== undefined && key.kid === kid) failure = thrownError;
    }
  }
  throw failure;
}

/**
 * Runs a verification with the provider's keys. If no key matches, the provider may have rotated its keys: fetches them
 * again, unless they were fetched after the token arrived, and repeats the verification. The count of these fetches is
 * limited per sender.
 *
 * @throws TransportError if the keys cannot be fetched or the limit is reached. The token may be valid.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export async function verifyWithKeySet<T>(
  client: Client,
  verify: (jwks: oauth.JWKS, metadata: AuthorizationServerMetadata) => Promise<T>,
  { sender = 'provider', tokenIssuer }: KeyOptions = {},
): Promise<T> {
  const { state, issuerRule } = getClientContext(client);
  const arrival = state.keyFetches ?? 0;
  const metadata = await discover(client);
  const findKeys = () => findCurrentKeys(client, metadata);
  // If no keys are cached and a fetch fails, tokens of untrusted senders cause at most one fetch per second. Tokens of
  // the provider have no such pause: the request of an attacker must not make a login fail.
  let keys = await (sender === 'provider'
    ? findKeys()
    : runWithFailurePause(client, 'keysForUntrustedSenders', findKeys));
  for (;;) {
    try {
      const fittingKeys = keys.jwks.keys.filter((key) =>
        isKeyOfIssuer(key as JsonObject, tokenIssuer, issuerRule),
      );
      return await verify({ keys: fittingKeys }, metadata);
    } catch (error) {
      // Keys that were requested after the arrival of the token are current. Older keys may be outdated.
      if (!isKeyNotFound(error) || keys.fetch > arrival) throw error;
    }
    const { fetch } = keys;
    keys = await findNewerKeys(client, metadata, { fetch, sender });
  }
}

/** True for an error of this package or of the protocol library that means that no key matches. */
const isKeyNotFound = (error: unknown) =>
  (error as { code?: unknown }).code === oauth.KEY_SELECTION ||
  (error instanceof ValidationError && error.check === 'kid') ||
  isSignatureWithoutKeyId(error);

/** True if the protocol library rejected the signature of a token without `kid`, with the only key that fits. */
function isSignatureWithoutKeyId(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { data?: unknown } };
  if (code !== oauth.INVALID_RESPONSE || !(cause?.data instanceof Uint8Array)) return false;
  const [header = ''] = new TextDecoder().decode(cause.data).split('.', 1);
  const { kid } = parseJwtPart(header, { createError: () => error as Error });
  return kid === undefined || kid === null;
}

async function findCurrentKeys(client: Client, metadata: AuthorizationServerMetadata): Promise<ProviderKeys> {
  const { state, options, now } = getClientContext(client);
  const maxAge = (options.keysMaxAge ?? 300) * 1000;
  const cachedKeys = state.keys;
  if (!cachedKeys) return fetchKeys(client, metadata, 'first');
  const age = now() - cachedKeys.fetchedAt;
  // An outage of the key endpoint must not make every login fail, so keys of the last day are used.
  const isCachedUsable = age < staleKeysLifetime;
  if (age < maxAge || (isCachedUsable && isRecentFailure(state.keysFailedAt, now()))) return cachedKeys;
  try {
    return await fetchKeys(client, metadata, 'stale');
  } catch (error) {
    state.keysFailedAt = now();
    const code = getErrorCode(error);
    const { issuer } = client;
    const reason = error instanceof AuthError ? replaceControlCharacters(error.message) : undefined;
    reportProblem(
      client,
      { type: 'keys.failed', issuer, code, ...(reason !== undefined && { reason }) },
      `cannot fetch the keys of ${issuer}: ${code}${reason === undefined ? '' : `: ${reason}`}`,
    );
    if (isCachedUsable) return cachedKeys;
    throw error;
  }
}

/**
 * Finds the keys of a later fetch than `previous.fetch`.
 *
 * @throws TransportError `rate_limited` if the limit of fetches is reached
 */
async function findNewerKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  previous: { readonly fetch: number; readonly sender: TokenSender },
): Promise<ProviderKeys> {
  const { state, now } = getClientContext(client);
  if (state.keys && state.keys.fetch > previous.fetch) return state.keys;
  if (state.keysFlight) return state.keysFlight;
  state.keyBudgets ??= {
    provider: createTokenBucket(unknownKeyFetches),
    browser: createTokenBucket(unknownKeyFetches),
    anyone: createTokenBucket(unknownKeyFetches),
  };
  const wait = state.keyBudgets[previous.sender].take(now());
  if (wait === 0) return fetchKeys(client, metadata, 'unknown_kid');
  throw new TransportError(
    'rate_limited',
    'No key of the provider matches the token, and the keys were fetched recently. Try again later.',
    { retryAfter: Math.ceil(wait / 1000) },
  );
}

/** Fetches the keys. Concurrent callers share one request. */
function fetchKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<ProviderKeys> {
  const { state } = getClientContext(client);
  state.keysFlight ??= requestKeys(client, metadata, reason).finally(() => {
    state.keysFlight = undefined;
  });
  return state.keysFlight;
}

async function requestKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<ProviderKeys> {
  const { http, state, now } = getClientContext(client);
  const fetch = (state.keyFetches ?? 0) + 1;
  state.keyFetches = fetch;
  if (!metadata.jwks_uri) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      'The metadata has no "jwks_uri", so signatures cannot be verified.',
    );
  }
  const keys = await fetchKeySet(metadata.jwks_uri, { ...http, headers: createUserAgentHeader(client) });
  state.keys = { jwks: { keys } as unknown as oauth.JWKS, fetchedAt: now(), fetch };
  emitEvent(client, { type: 'keys.fetched', issuer: client.issuer, reason });
  return state.keys;
}
