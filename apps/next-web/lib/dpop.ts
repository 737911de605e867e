/**
 * With DPOP_KEY, a private key as JWK, the API takes tokens from this application alone (RFC 9449).
 * Every process has the same key: a token that one was given, all of them use.
 */
export async function dpop(jwk = process.env.DPOP_KEY) {
  if (!jwk) return {};
  const { d, key_ops: _, ...publicKey }: JsonWebKey = JSON.parse(jwk);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keyPair = {
    privateKey: await crypto.subtle.importKey('jwk', { ...publicKey, d: d ?? '' }, algorithm, false, [
      'sign',
    ]),
    publicKey: await crypto.subtle.importKey('jwk', publicKey, algorithm, true, ['verify']),
  };
  return { dpop: { keyPair } };
}
