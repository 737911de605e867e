import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { AuthError, createAccessTokenVerifier } from '../../src/api/index.ts';
import {
  encodeText,
  fuzzRuns,
  fuzzSurface,
  fuzzTimeout,
  mutateMembers,
  mutateText,
  type Random,
} from './hostile-inputs.ts';

const audience = 'https://api.example.test';
const runs = fuzzRuns(3_000);
const timeout = { timeout: fuzzTimeout(runs) };

async function start() {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const now = Math.floor(server.clock.now() / 1000);
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    dpop: { origin: audience },
    mtls: true,
  });
  const good = await server.mintAccessToken();
  const header = { alg: 'RS256', typ: 'at+jwt' };
  const claims = {
    iss: server.issuer,
    aud: audience,
    sub: 'alice',
    client_id: 'app',
    jti: '1',
    iat: now,
    exp: now + 300,
  };
  const anyToken = (random: Random): string => {
    const [, , signature] = good.split('.');
    return random.once(2)
      ? mutateText(random, good)
      : `${encodeText(mutateMembers(random, header))}.${encodeText(mutateMembers(random, claims))}.${signature}`;
  };
  /** Whether the request was accepted. Anything but a typed refusal fails. */
  const isAccepted = async (headers: Record<string, string>): Promise<boolean> => {
    try {
      await verifier.verify({ method: 'GET', url: '/', headers });
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(AuthError);
      expect([400, 401, 503]).toContain((error as { status?: number }).status ?? 503);
      return false;
    }
  };
  return { good, now, anyToken, isAccepted };
}

test(
  'A9: any Authorization header is accepted as it was issued, or rejected with a typed error',
  timeout,
  async () => {
    const { good, anyToken, isAccepted } = await start();
    const counts = await fuzzSurface({
      name: 'Authorization',
      runs,
      async attempt(random, index) {
        if (index % 100 === 0) return isAccepted({ authorization: `Bearer ${good}` });
        const authorization = random.once(2)
          ? `Bearer ${anyToken(random)}`
          : mutateText(random, `Bearer ${good}`);
        const accepted = await isAccepted({ authorization });
        if (accepted)
          expect(authorization).toMatch(new RegExp(`^bearer +${good.replaceAll('.', '\\.')}$`, 'i'));
        return accepted;
      },
    });
    expect(counts.accepted).toBeGreaterThanOrEqual(Math.floor(runs / 100));
  },
);

test('A9: any DPoP header is rejected with a typed error', timeout, async () => {
  const { good, now, isAccepted } = await start();
  const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk };
  const claims = { jti: '1', htm: 'GET', htu: `${audience}/`, iat: now, ath: 'A'.repeat(43) };
  const counts = await fuzzSurface({
    name: 'DPoP',
    runs,
    async attempt(random) {
      const proof = `${encodeText(mutateMembers(random, header))}.${encodeText(mutateMembers(random, claims))}.${'A'.repeat(86)}`;
      const dpop = random.once(2) ? proof : mutateText(random, proof);
      // A token without `cnf` is no DPoP-bound token, so even a good proof would be rejected.
      return isAccepted({ authorization: `DPoP ${good}`, dpop });
    },
  });
  expect(counts.accepted).toBe(0);
});
