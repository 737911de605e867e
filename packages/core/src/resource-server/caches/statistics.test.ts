import { expect, test } from 'vitest';
import { startVerifier } from '../../../tests/support/start-verifier.ts';
import type { AccessTokenVerifierOptions } from '../index.ts';

async function setUp(options: Partial<AccessTokenVerifierOptions> = {}) {
  const { server, verifier } = await startVerifier({ keysMaxAge: 600, keysMaxStale: 3600, ...options });
  server.clock.stop();
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const refused = (token: string) => expect(verifier.verify(bearer(token))).rejects.toThrow();
  return { server, verifier, bearer, refused };
}

test('before the first request there is nothing to tell', async () => {
  const { server, verifier } = await setUp();
  expect(verifier.statistics()).toEqual({
    accepted: 0,
    cacheHits: 0,
    cacheHitRatio: undefined,
    cachedTokens: 0,
    rejected: {},
    unavailable: 0,
    issuers: [{ issuer: server.issuer, keys: 0, keysAge: undefined, keysFailure: undefined, usable: false }],
  });
});

test('counts tokens that were accepted and remembered, and refusals by code', async () => {
  const { server, verifier, bearer, refused } = await setUp();
  const token = await server.mintAccessToken();
  const authenticated = await verifier.verify(bearer(token));
  await verifier.verifyToken(token);
  verifier.findCachedRequest?.(bearer(token));
  await verifier.verify(bearer(await server.mintAccessToken()));
  await refused('abc');
  await refused(await server.mintAccessToken({ exp: 1 }));
  await expect(verifier.verify({ headers: {} })).rejects.toThrow();
  await refused('%');
  expect(() => verifier.authorize(authenticated, { scopes: ['items:write'] })).toThrow();
  expect(verifier.statistics()).toMatchObject({
    accepted: 4,
    cacheHits: 2,
    cacheHitRatio: 0.5,
    cachedTokens: 2,
    rejected: { invalid_token: 2, token_missing: 1, invalid_request: 1, insufficient_scope: 1 },
    unavailable: 0,
  });
});

test('tells the age of the keys, and why they cannot be renewed', async () => {
  const { server, verifier, bearer, refused } = await setUp();
  const token = await server.mintAccessToken({ exp: 4e9 });
  await verifier.verify(bearer(token));
  const issuer = () => verifier.statistics().issuers[0];
  expect(issuer()).toMatchObject({ keysAge: 0, keysFailure: undefined, usable: true });
  expect(issuer()?.keys).toBeGreaterThan(0);

  server.fail('jwks', { status: 500, times: 100 });
  server.clock.advance(700);
  await verifier.verify(bearer(token));
  await expect.poll(issuer).toMatchObject({ keysAge: 700, keysFailure: 'server_error', usable: true });

  server.clock.advance(3000);
  expect(issuer()).toMatchObject({ keysAge: 3700, usable: false });
  await refused(token);
  expect(verifier.statistics()).toMatchObject({ unavailable: 1, rejected: {} });
});

test('asking fetches nothing', async () => {
  const { server, verifier, bearer } = await setUp();
  verifier.statistics();
  await verifier.verify(bearer(await server.mintAccessToken()));
  const requests = server.requests.length;
  server.clock.advance(700);
  verifier.statistics();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.requests).toHaveLength(requests);
});

test('keys of the configuration have no age', async () => {
  const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const key = await crypto.subtle.exportKey('jwk', publicKey);
  const { verifier } = await setUp({ jwks: { keys: [key] } });
  expect(verifier.statistics().issuers).toMatchObject([{ keys: 1, keysAge: undefined, usable: true }]);
});
