import * as oauth from 'oauth4webapi';
import { AuthError, ConfigurationError, TransportError, ValidationError } from '../../errors.ts';
import { fetchBounded, getJsonBody } from '../../internal/http.ts';
import { selectUsableKeys } from '../../internal/json/key-set-document.ts';
import { createTokenBucket } from '../../internal/token-bucket.ts';
import {
  createRequestOptions,
  createUserAgentHeader,
  emitEvent,
  getClientContext,
  type KnownKeys,
} from '../client-context.ts';
import type { AuthorizationServerMetadata, Client } from '../create-client.ts';
import { discover } from './discovery.ts';
import { isRecentFailure, runWithFailurePause } from './failure-pause.ts';

/** Fetches that unknown keys may cause at once, for each kind of sender, and milliseconds until a further one. */
const unknownKeyFetches = { capacity: 5, interval: 10_000 };

/**
 * Who sent the token:
 * - `provider`: the provider, in answer to a request of this client
 * - `browser`: a browser, in the front channel
 * - `anyone`: any client that can reach an endpoint that has no authentication but this token
 *
 * Each has fetches of its own, so that forged tokens of strangers never stand in the way of a login.
 */
export type TokenSender = 'provider' | 'browser' | 'anyone';

export interface KeyOptions {
  /** Default: `provider`. */
  readonly sender?: TokenSender;
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
    (jwks, metadata) =>
      // A fresh metadata object and a fresh time: the protocol library must use exactly these keys, and fetch none itself.
      verify(
        { ...metadata },
        {
          ...createRequestOptions(client),
          [oauth.jwksCache]: { jwks: structuredClone(jwks), uat: Math.floor(Date.now() / 1000) },
        },
      ),
    options,
  );
}

/**
 * Runs a verification with the provider's keys. If no key fits, the keys may have been rotated: they are fetched again,
 * unless that was done since the token arrived, and the verification is run once more. The number of such fetches is
 * limited for each kind of sender.
 *
 * @throws TransportError when the keys cannot be fetched, or may not be fetched again so soon: the token may be good
 * @see OpenID Connect Core section 10.1.1
 */
export async function verifyWithKeySet<T>(
  client: Client,
  verify: (jwks: oauth.JWKS, metadata: AuthorizationServerMetadata) => Promise<T>,
  { sender = 'provider' }: KeyOptions = {},
): Promise<T> {
  const arrival = getClientContext(client).state.keyFetches ?? 0;
  const metadata = await discover(client);
  const findKeys = () => currentKeys(client, metadata);
  // While there are no keys and they cannot be fetched, tokens of strangers cause one fetch in a second. The provider's
  // own tokens have no such pause: a login must not fail because of a stranger's request.
  let keys = await (sender === 'provider'
    ? findKeys()
    : runWithFailurePause(client, 'keysForStrangers', findKeys));
  for (;;) {
    try {
      return await verify(keys.jwks, metadata);
    } catch (error) {
      // Keys that were asked for after the token arrived decide about it; older ones do not.
      if (!isAboutKey(error) || keys.fetch > arrival) throw error;
    }
    const { fetch } = keys;
    keys = await newerKeys(client, metadata, { fetch, sender });
  }
}

/** Ours, or the protocol library's way to say that no key fits. */
const isAboutKey = (error: unknown) =>
  (error as { code?: unknown }).code === oauth.KEY_SELECTION ||
  (error instanceof ValidationError && error.check === 'kid');

async function currentKeys(client: Client, metadata: AuthorizationServerMetadata): Promise<KnownKeys> {
  const { state, options, now } = getClientContext(client);
  const maxAge = (options.keysMaxAge ?? 300) * 1000;
  const known = state.keys;
  if (!known) return fetchKeys(client, metadata, 'first');
  const age = now() - known.fetchedAt;
  // An outage of the key endpoint must not end every login; keys of the last day still serve.
  const serves = age < 86_400_000;
  if (age < maxAge || (serves && isRecentFailure(state.keysFailedAt, now()))) return known;
  try {
    return await fetchKeys(client, metadata, 'stale');
  } catch (error) {
    state.keysFailedAt = now();
    emitEvent(client, {
      type: 'keys.failed',
      issuer: client.issuer,
      code: error instanceof AuthError ? error.code : 'unknown',
    });
    if (serves) return known;
    throw error;
  }
}

/** Keys of a later fetch than the given one. @throws TransportError when there are none, and a fetch would be too early */
async function newerKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  than: { readonly fetch: number; readonly sender: TokenSender },
): Promise<KnownKeys> {
  const { state, now } = getClientContext(client);
  if (state.keys && state.keys.fetch > than.fetch) return state.keys;
  if (state.keysFlight) return state.keysFlight;
  state.keyBudgets ??= {
    provider: createTokenBucket(unknownKeyFetches),
    browser: createTokenBucket(unknownKeyFetches),
    anyone: createTokenBucket(unknownKeyFetches),
  };
  const wait = state.keyBudgets[than.sender].take(now());
  if (wait === 0) return fetchKeys(client, metadata, 'unknown_kid');
  throw new TransportError(
    'rate_limited',
    'No key of the provider fits the token, and the keys were fetched a moment ago. Try again later.',
    { retryAfter: Math.ceil(wait / 1000) },
  );
}

function fetchKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<KnownKeys> {
  const { state } = getClientContext(client);
  state.keysFlight ??= download(client, metadata, reason).finally(() => {
    state.keysFlight = undefined;
  });
  return state.keysFlight;
}

async function download(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<KnownKeys> {
  const { http, state, now } = getClientContext(client);
  const fetch = (state.keyFetches ?? 0) + 1;
  state.keyFetches = fetch;
  if (!metadata.jwks_uri) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      'The metadata has no jwks_uri, so no signature can be verified.',
    );
  }
  const headers = { accept: 'application/json, application/jwk-set+json', ...createUserAgentHeader(client) };
  const response = await fetchBounded(metadata.jwks_uri, { headers }, http);
  const usable = response.status === 200 ? selectUsableKeys(getJsonBody(response)) : undefined;
  if (!usable) {
    throw new ValidationError('keys_invalid', 'jwks', 'The jwks_uri did not return a JSON Web Key Set.');
  }
  const keys = { keys: usable } as unknown as oauth.JWKS;
  state.keys = { jwks: keys, fetchedAt: now(), fetch };
  emitEvent(client, { type: 'keys.fetched', issuer: client.issuer, reason });
  return state.keys;
}
