import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

interface Proof {
  readonly htm: string;
  readonly htu: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly nonce?: string | undefined;
  /** Default: the hash of the token. `undefined` omits it. */
  readonly ath?: string | undefined;
}

/** Creates a token that is bound to a new key, and proofs of that key. */
export async function createHolder(mint: (claims: { cnf: { jkt: string } }) => Promise<string>) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const token = await mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  const ath = createHash('sha256').update(token).digest('base64url');
  /** Creates the headers of one request. */
  const prove = async ({ now, ...proof }: Proof): Promise<Record<string, string>> => {
    const claims = { jti: crypto.randomUUID(), iat: Math.floor(now / 1000), ath, ...proof };
    const dpop = await new SignJWT(JSON.parse(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey);
    return { authorization: `DPoP ${token}`, dpop };
  };
  return { token, prove };
}
