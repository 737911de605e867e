import { expect, test } from 'vitest';
import { VerifierCounts } from '../caches/statistics.ts';
import { createRemoteKeySet } from './key-set.ts';
import type { Signed } from './signing-keys.ts';

test('K4: stores the identifiers of the last 100 removed keys, and evicts the oldest first', async () => {
  let time = 0;
  let published = 0;
  const now = () => time;
  const createKey = () => ({ kty: 'OKP', crv: 'Ed25519', x: 'A', kid: `key-${published}` });
  const keySet = createRemoteKeySet({
    issuer: 'https://auth.example.test',
    jwksUri: async () => 'https://auth.example.test/jwks',
    http: { fetch: async () => Response.json({ keys: [createKey()] }), now, timeout: 1_000, maxBytes: 1_000 },
    now,
    maxAge: 1_000,
    maxStale: 10_000,
    coolDown: 10_000,
    clockTolerance: 0,
    onEvent: undefined,
    counts: new VerifierCounts(),
  });
  const [data, signature] = [new Uint8Array(1), new Uint8Array(64)];
  const verify = (kid: string) => {
    const signed: Signed = { alg: 'Ed25519', kid, data, signature, issuedAt: undefined };
    return keySet.verify(signed);
  };
  for (; published <= 101; published++) {
    await verify(`key-${published}`);
    time += 2_000;
  }
  published = 101;
  // The fetches that unknown keys can cause immediately are used up.
  for (let i = 0; i < 5; i++) await verify(`unknown-${i}`);
  await expect(verify('key-1')).resolves.toBeUndefined();
  await expect(verify('key-100')).resolves.toBeUndefined();
  await expect(verify('key-0')).rejects.toMatchObject({ code: 'rate_limited' });
});
