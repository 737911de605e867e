import * as oauth from 'oauth4webapi';
import { AuthError, ConfigurationError, ValidationError } from '../errors.ts';
import { exchange, jsonOf } from '../internal/http.ts';
import { usableKeys } from '../internal/key-set-document.ts';
import { contextOf, requestOptions, tell, userAgentOf } from './context.ts';
import type { AuthorizationServerMetadata, Client } from './create-client.ts';
import { discover } from './discovery.ts';

/** Milliseconds between two fetches that an unknown `kid` may cause. */
const coolDown = 10_000;

type Verify<T> = (
  metadata: AuthorizationServerMetadata,
  options: ReturnType<typeof requestOptions> & { [oauth.jwksCache]: oauth.JWKSCacheInput },
) => Promise<T>;

/** Runs a verification of the protocol library with the provider's keys, as {@link withKeySet} does. */
export async function withKeys<T>(client: Client, verify: Verify<T>): Promise<T> {
  const metadata = await discover(client);
  return withKeySet(client, (jwks) =>
    // A fresh metadata object and a fresh time: the protocol library must use exactly these keys, and fetch none itself.
    verify(
      { ...metadata },
      {
        ...requestOptions(client),
        [oauth.jwksCache]: { jwks: structuredClone(jwks), uat: Math.floor(Date.now() / 1000) },
      },
    ),
  );
}

/**
 * Runs a verification with the provider's keys. If no key fits, the keys may have been rotated:
 * they are fetched again and the verification is run once more, at most once in ten seconds,
 * so that forged tokens cannot make this client flood the provider.
 *
 * @see OpenID Connect Core section 10.1.1
 */
export async function withKeySet<T>(client: Client, verify: (jwks: oauth.JWKS) => Promise<T>): Promise<T> {
  const metadata = await discover(client);
  const known = await currentKeys(client, metadata);
  try {
    return await verify(known);
  } catch (error) {
    if (!isAboutKey(error)) throw error;
    const renewed = await renewedKeys(client, metadata);
    if (!renewed || renewed === known) throw error;
    return await verify(renewed);
  }
}

/** Ours, or the protocol library's way to say that no key fits. */
const isAboutKey = (error: unknown) =>
  (error as { code?: unknown }).code === oauth.KEY_SELECTION ||
  (error instanceof ValidationError && error.check === 'kid');

async function currentKeys(client: Client, metadata: AuthorizationServerMetadata): Promise<oauth.JWKS> {
  const { state, options, now } = contextOf(client);
  const maxAge = (options.keysMaxAge ?? 300) * 1000;
  const known = state.keys;
  if (!known) return fetchKeys(client, metadata, 'first');
  if (now() - known.fetchedAt < maxAge) return known.jwks;
  try {
    return await fetchKeys(client, metadata, 'stale');
  } catch (error) {
    tell(client, {
      type: 'keys.failed',
      issuer: client.issuer,
      code: error instanceof AuthError ? error.code : 'unknown',
    });
    // An outage of the key endpoint must not end every login; keys of the last day still serve.
    if (now() - known.fetchedAt < 86_400_000) return known.jwks;
    throw error;
  }
}

async function renewedKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
): Promise<oauth.JWKS | undefined> {
  const { state, now } = contextOf(client);
  // Somebody else is fetching them at this moment, for the same reason.
  if (state.keysFlight) return state.keysFlight;
  if (state.keysForcedAt !== undefined && now() - state.keysForcedAt < coolDown) return state.keys?.jwks;
  state.keysForcedAt = now();
  return fetchKeys(client, metadata, 'unknown_kid');
}

function fetchKeys(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<oauth.JWKS> {
  const { state } = contextOf(client);
  state.keysFlight ??= download(client, metadata, reason).finally(() => {
    state.keysFlight = undefined;
  });
  return state.keysFlight;
}

async function download(
  client: Client,
  metadata: AuthorizationServerMetadata,
  reason: 'first' | 'stale' | 'unknown_kid',
): Promise<oauth.JWKS> {
  const { http, state, now } = contextOf(client);
  if (!metadata.jwks_uri) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      'The metadata has no jwks_uri, so no signature can be verified.',
    );
  }
  const headers = { accept: 'application/json, application/jwk-set+json', ...userAgentOf(client) };
  const response = await exchange(metadata.jwks_uri, { headers }, http);
  const usable = response.status === 200 ? usableKeys(jsonOf(response)) : undefined;
  if (!usable) {
    throw new ValidationError('keys_invalid', 'jwks', 'The jwks_uri did not answer with a JSON Web Key Set.');
  }
  const keys = { keys: usable } as unknown as oauth.JWKS;
  state.keys = { jwks: keys, fetchedAt: now() };
  tell(client, { type: 'keys.fetched', issuer: client.issuer, reason });
  return keys;
}
