import { ConfigurationError, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { selectUsableKeys } from '../../internal/json/key-set-document.ts';
import { selectSigningKeys } from '../../protocol/tokens/signing-keys.ts';
import { type BrowserContext, loadCached } from '../options.ts';
import { getEndpoint } from './metadata.ts';
import { sendRequest } from './send-request.ts';

interface JwsHeader {
  readonly alg: string;
  readonly kid?: unknown;
}

/** Milliseconds for which keys are cached, and between two fetches because of an unknown `kid`. */
const keysLifetime = 300_000;
const refetchInterval = 10_000;

type Jwk = JsonWebKey & { readonly kid?: string };

/**
 * Verifies a signature with the keys of the provider. If no key matches, the provider may have rotated them: they are
 * fetched again, at most once in ten seconds, so that forged tokens cannot flood the provider with requests.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.2
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
export async function verifySignature(
  context: BrowserContext,
  header: JwsHeader,
  signed: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = toSigningAlgorithm(header.alg);
  const isSignedWith = async (keys: readonly Jwk[]): Promise<boolean> => {
    for (const jwk of keys) if (await verifyWithKey(jwk, algorithm, { signed, signature })) return true;
    return false;
  };
  const keys = findKeys(await fetchKeys(context, keysLifetime), header, algorithm);
  if (await isSignedWith(keys)) return true;
  if (header.kid === undefined ? keys.length > 0 : keys.some(({ kid }) => kid === header.kid)) return false;
  // A key that was not published before may have the kid.
  const refetchedKeys = findKeys(
    await loadCached(context, 'forced keys', refetchInterval, () => fetchKeys(context, 0)),
    header,
    algorithm,
  );
  if (refetchedKeys.length > 0) return isSignedWith(refetchedKeys);
  throw new ValidationError(
    'id_token_invalid',
    'kid',
    isDevelopment ? 'The key set of the provider has no matching key for the ID token "kid".' : '',
  );
}

async function verifyWithKey(
  { kty, n, e, crv, x, y }: Jwk,
  algorithm: ReturnType<typeof toSigningAlgorithm>,
  { signed, signature }: { readonly signed: BufferSource; readonly signature: BufferSource },
): Promise<boolean> {
  try {
    // Only the public members: `findKeys` has checked the others.
    const key = await crypto.subtle.importKey(
      'jwk',
      omitUndefined({ kty, n, e, crv, x, y }),
      algorithm,
      false,
      ['verify'],
    );
    return await crypto.subtle.verify(algorithm, key, signature, signed);
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

/** Finds the keys that may have made a signature. */
const findKeys = (keys: readonly Jwk[], { alg, kid }: JwsHeader, { kty }: { kty: string }): readonly Jwk[] =>
  selectSigningKeys(
    keys.filter(
      (key) =>
        key.kty === kty &&
        (key.alg ?? alg) === alg &&
        (key.use ?? 'sig') === 'sig' &&
        (key.key_ops ?? ['verify']).includes('verify'),
    ),
    kid,
  );

function fetchKeys(context: BrowserContext, lifetime: number): Promise<readonly Jwk[]> {
  const cacheReason = context.cache.has('keys') ? 'stale' : 'first';
  return loadCached(context, 'keys', lifetime, async () => {
    const keys = selectUsableKeys((await sendRequest(context, await getEndpoint(context, 'jwks_uri'))).body);
    if (!keys) {
      throw new ValidationError(
        'keys_invalid',
        'jwks',
        isDevelopment ? 'The response of jwks_uri is not a key set.' : '',
      );
    }
    const reason = lifetime === 0 ? 'unknown_kid' : cacheReason;
    context.emitEvent({ type: 'keys.fetched', issuer: context.issuer, reason });
    return keys as readonly Jwk[];
  });
}

function omitUndefined(jwk: { readonly [name: string]: string | undefined }): JsonWebKey {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined));
}
