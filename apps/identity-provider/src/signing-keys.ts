import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** Fresh private keys for every algorithm that the demonstration signs with: they live as long as the process. */
export async function createSigningKeys(): Promise<{ keys: Record<string, unknown>[] }> {
  const rsa = () => generate('rsa', { modulusLength: 2048 });
  const made = await Promise.all([
    rsa().then((pair) => ({ alg: 'RS256', pair })),
    rsa().then((pair) => ({ alg: 'PS256', pair })),
    generate('ec', { namedCurve: 'P-256' }).then((pair) => ({ alg: 'ES256', pair })),
    generate('ed25519').then((pair) => ({ alg: 'EdDSA', pair })),
  ]);
  return {
    keys: made.map(({ alg, pair }) => ({
      ...pair.privateKey.export({ format: 'jwk' }),
      use: 'sig',
      alg,
      kid: `${alg.toLowerCase()}-${randomUUID().slice(0, 8)}`,
    })),
  };
}
