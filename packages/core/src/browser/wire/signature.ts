import { ConfigurationError, ValidationError } from '../../errors.ts';
import { selectUsableKeys } from '../../internal/json/key-set-document.ts';
import { type BrowserContext, cached } from '../options.ts';
import { exchange } from './http.ts';
import { endpointOf } from './metadata.ts';

interface JwsHeader {
  readonly alg: string;
  readonly kid?: unknown;
}

/** Milliseconds for which keys are kept, and between two fetches that an unknown `kid` causes. */
const keysLife = 300_000;
const coolDown = 10_000;

type Jwk = JsonWebKey & { readonly kid?: string };

/**
 * Verifies a signature with the provider's keys. If no key fits, they may have been rotated: they are fetched once
 * more, at most once in ten seconds, so that forged tokens cannot make this client flood the provider.
 *
 * @see RFC 7515 section 5.2, OpenID Connect Core section 10.1.1
 */
export async function verifySignature(
  context: BrowserContext,
  header: JwsHeader,
  signed: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = algorithmOf(header.alg);
  const jwk =
    choose(await keysOf(context, keysLife), header, algorithm) ??
    choose(await cached(context, 'forced keys', coolDown, () => keysOf(context, 0)), header, algorithm);
  if (!jwk) throw new ValidationError('id_token_invalid', 'kid', 'ID token: no key fits it.');
  const { kty, n, e, crv, x, y } = jwk;
  try {
    // Only the public members: what else a key says does not matter here.
    const key = await crypto.subtle.importKey('jwk', defined({ kty, n, e, crv, x, y }), algorithm, false, [
      'verify',
    ]);
    return await crypto.subtle.verify(algorithm, key, signature, signed);
  } catch {
    return false;
  }
}

function algorithmOf(alg: string): EcKeyImportParams & EcdsaParams & RsaPssParams & { kty: string } {
  const bits = Number(alg.slice(2));
  const hash = `SHA-${bits}`;
  const kty = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }[alg.slice(0, 2)];
  const name = { RS: 'RSASSA-PKCS1-v1_5', PS: 'RSA-PSS', ES: 'ECDSA', Ed: 'Ed25519' }[alg.slice(0, 2)];
  if (!kty || !name || !/^([RP]S(256|384|512)|ES(256|384|512)|EdDSA|Ed25519)$/.test(alg)) {
    throw new ConfigurationError('invalid_option', `idTokenSignedResponseAlg "${alg}" is not supported.`);
  }
  return { name, kty, hash, namedCurve: `P-${bits === 512 ? 521 : bits}`, saltLength: bits / 8 };
}

/** The one key that is meant for this signature; two that fit are as bad as none. */
function choose(keys: readonly Jwk[], { alg, kid }: JwsHeader, { kty }: { kty: string }): Jwk | undefined {
  const fitting = keys.filter(
    (key) =>
      key.kty === kty &&
      (kid === undefined || key.kid === kid) &&
      (key.alg ?? alg) === alg &&
      (key.use ?? 'sig') === 'sig' &&
      (key.key_ops ?? ['verify']).includes('verify'),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function keysOf(context: BrowserContext, life: number): Promise<readonly Jwk[]> {
  const known = context.cache.has('keys') ? 'stale' : 'first';
  return cached(context, 'keys', life, async () => {
    const keys = selectUsableKeys((await exchange(context, await endpointOf(context, 'jwks_uri'))).body);
    if (!keys) {
      throw new ValidationError('keys_invalid', 'jwks', 'No keys came from jwks_uri.');
    }
    const reason = life === 0 ? 'unknown_kid' : known;
    context.tell({ type: 'keys.fetched', issuer: context.issuer, reason });
    return keys as readonly Jwk[];
  });
}

function defined(jwk: { readonly [name: string]: string | undefined }): JsonWebKey {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined));
}
