import { ConfigurationError, toPrintableText, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { selectUsableKeys } from '../../internal/json/key-set-document.ts';
import { omitUndefined } from '../../internal/omit-undefined.ts';
import { isSameAlgorithm } from '../../internal/signatures/algorithm-names.ts';
import { selectSigningKeys } from '../../protocol/tokens/signing-keys.ts';
import { isKeyOfIssuer } from '../../protocol/tokens/token-issuer.ts';
import { type BrowserContext, loadCached } from '../options.ts';
import { getEndpoint } from './metadata.ts';
import { sendRequest } from './send-request.ts';

interface JwsHeader {
  readonly alg: string;
  readonly kid?: unknown;
  /** The `iss` of the token. */
  readonly issuer: string;
}

/** Milliseconds for which keys are cached, and between two fetches because of an unknown `kid`. */
const keysLifetime = 300_000;
const refetchInterval = 10_000;

type Jwk = JsonWebKey & { readonly kid?: string; readonly issuer?: unknown };

/**
 * Verifies a signature with the keys of the provider. If no key matches, the provider may have rotated them: they are
 * fetched again, at most once in ten seconds, so that forged tokens cannot flood the provider with requests.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.2
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export async function verifyWithProviderKeys(
  context: BrowserContext,
  header: JwsHeader,
  signedBytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = toSigningAlgorithm(header.alg);
  /** Finds the keys that may have made the signature. */
  const findKeys = (keySet: readonly Jwk[]): readonly Jwk[] =>
    selectSigningKeys(
      keySet.filter(
        (key) =>
          key.kty === algorithm.kty &&
          isSameAlgorithm(key.alg ?? header.alg, header.alg) &&
          (key.use ?? 'sig') === 'sig' &&
          (key.key_ops ?? ['verify']).includes('verify') &&
          isKeyOfIssuer(key, header.issuer, context),
      ),
      header.kid,
    );
  const isSignedWith = async (keys: readonly Jwk[]): Promise<boolean> => {
    for (const jwk of keys) if (await verifyWithKey(jwk, algorithm, { signedBytes, signature })) return true;
    return false;
  };
  const keys = findKeys(await fetchKeys(context, keysLifetime));
  if (await isSignedWith(keys)) return true;
  if (header.kid !== undefined && keys.some(({ kid }) => kid === header.kid)) return false;
  // The key may not have been published before.
  const refetchedKeys = findKeys(
    await loadCached(context, 'forced keys', refetchInterval, () => fetchKeys(context, 0)),
  );
  if (refetchedKeys.length > 0) return isSignedWith(refetchedKeys);
  throw new ValidationError(
    'id_token_invalid',
    'kid',
    isDevelopment
      ? `The keys at ${await getEndpoint(context, 'jwks_uri')} have ${header.kid === undefined ? `no ${header.alg} key, or too many, for an ID token without "kid"` : `no ${header.alg} key with the ID token "kid" ${JSON.stringify(header.kid)?.slice(0, 100)}`}. Check that the provider publishes its current keys there, and that the option issuer names the provider that issued the token.`
      : '',
  );
}

async function verifyWithKey(
  { kty, n, e, crv, x, y }: Jwk,
  algorithm: ReturnType<typeof toSigningAlgorithm>,
  { signedBytes, signature }: { readonly signedBytes: BufferSource; readonly signature: BufferSource },
): Promise<boolean> {
  try {
    // Only the public members: `findKeys` has checked the others.
    const key = await crypto.subtle.importKey(
      'jwk',
      omitUndefined({ kty, n, e, crv, x, y }) as JsonWebKey,
      algorithm,
      false,
      ['verify'],
    );
    return await crypto.subtle.verify(algorithm, key, signature, signedBytes);
  } catch {
    return false;
  }
}

function toSigningAlgorithm(alg: string): EcKeyImportParams & EcdsaParams & RsaPssParams & { kty: string } {
  const bits = Number(alg.slice(2));
  const hash = `SHA-${bits}`;
  const kty = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }[alg.slice(0, 2)];
  const name = { RS: 'RSASSA-PKCS1-v1_5', PS: 'RSA-PSS', ES: 'ECDSA', Ed: 'Ed25519' }[alg.slice(0, 2)];
  if (!kty || !name || !/^([RP]S(256|384|512)|ES(256|384|512)|EdDSA|Ed25519)$/.test(alg)) {
    throw new ConfigurationError(
      'invalid_option',
      isDevelopment ? `idTokenSignedResponseAlg "${alg}" is not supported.` : 'idTokenSignedResponseAlg',
    );
  }
  return { name, kty, hash, namedCurve: `P-${bits === 512 ? 521 : bits}`, saltLength: bits / 8 };
}

function fetchKeys(context: BrowserContext, lifetime: number): Promise<readonly Jwk[]> {
  const cacheReason = context.cache.has('keys') ? 'stale' : 'first';
  return loadCached(context, 'keys', lifetime, async () => {
    const url = await getEndpoint(context, 'jwks_uri');
    const { body, status, headers } = await sendRequest(context, url);
    const keys = selectUsableKeys(body);
    if (!keys) {
      throw new ValidationError(
        'keys_invalid',
        'jwks',
        isDevelopment
          ? `GET ${url} returned status ${status} and ${toPrintableText(headers.get('content-type') ?? 'no content type', 100)}, expected 200 and a JSON key set. Check "jwks_uri" in the metadata of ${context.issuer}.`
          : '',
      );
    }
    const reason = lifetime === 0 ? 'unknown_kid' : cacheReason;
    context.emitEvent({ type: 'keys.fetched', issuer: context.issuer, reason });
    return keys as readonly Jwk[];
  });
}
