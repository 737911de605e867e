import { generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWKS } from 'oidc-provider';

export const signingAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

const generate = promisify(generateKeyPair);

async function createPrivateKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey;
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'EdDSA':
      return (await generate('ed25519')).privateKey;
  }
}

/** Creates private keys, one for each algorithm. */
export async function createSigningKeys(
  algorithms: readonly SigningAlgorithm[] = signingAlgorithms,
): Promise<JWKS> {
  const keys = algorithms.map(async (alg) => ({
    ...(await createPrivateKey(alg)).export({ format: 'jwk' }),
    use: 'sig',
    alg,
    kid: `${alg.toLowerCase()}-${randomUUID().slice(0, 8)}`,
  }));
  return { keys: (await Promise.all(keys)) as JWKS['keys'] };
}
