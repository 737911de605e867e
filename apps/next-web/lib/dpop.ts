/**
 * DPOP_KEY is a private key as JWK. It binds access tokens to this application (RFC 9449).
 * All processes need the same key, because they share access tokens.
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
