import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { AccessTokenVerifierOptions } from '../../../src/resource-server/index.ts';
import { startVerifier } from './start-verifier.ts';

export const origin = 'https://api.example.test/v1';

export const sha256 = async (text: string): Promise<string> =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));

/** Creates a verifier that accepts DPoP, a token that is bound to a key, and proofs of that key. */
export async function startDpop(options: Partial<AccessTokenVerifierOptions> = {}, alg = 'ES256') {
  const { server, verifier } = await startVerifier({ dpop: { origin }, ...options });
  server.clock.stop();
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });

  const prove = async (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = privateKey,
  ) => {
    const payload: Record<string, unknown> = {
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: `${origin}/items`,
      iat: Math.floor(server.clock.now() / 1000),
      ath: await sha256(token),
      ...claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(payload)))
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header } as { alg: string; jwk: JWK })
      .sign(key);
  };
  const call = (proof: string | undefined, more: Record<string, unknown> = {}) =>
    verifier.verify({
      method: 'GET',
      url: '/items?page=2',
      headers: { authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) },
      ...more,
    });
  return { server, verifier, prove, call, token, jwk, privateKey };
}

/** The members of an error that rejects a proof or token. */
export const dpopRejection = (code: string, message?: string) => ({
  code,
  status: 401,
  ...(message && { message }),
});
