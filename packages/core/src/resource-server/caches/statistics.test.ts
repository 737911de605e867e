import { describe, expect, test } from 'vitest';
import {
  activeResponse,
  startIntrospection,
} from '../../../tests/support/resource-server/start-introspection.ts';
import { startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import type { AccessTokenVerifierOptions } from '../index.ts';

async function setUp(options: Partial<AccessTokenVerifierOptions> = {}) {
  const { server, verifier } = await startVerifier({ keysMaxAge: 600, keysMaxStale: 3600, ...options });
  server.clock.stop();
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const expectRejection = (token: string) => expect(verifier.verify(bearer(token))).rejects.toThrow();
  return { server, verifier, bearer, expectRejection };
}

const empty = { entries: 0, hits: 0 };

test('starts with zero counts', async () => {
  const { server, verifier } = await setUp();
  expect(verifier.statistics()).toEqual({
    accepted: 0,
    rejected: {},
    unavailable: 0,
    cacheHitRatio: undefined,
    caches: { verifiedTokens: empty, rejectedTokens: empty, introspectionResults: empty, keySets: empty },
    issuers: [{ issuer: server.issuer, keys: 0, keysAge: undefined, keysFailure: undefined, usable: false }],
  });
});

test('counts accepted tokens, cache hits and rejections by code', async () => {
  const { server, verifier, bearer, expectRejection } = await setUp();
  const token = await server.mintAccessToken();
  const authenticated = await verifier.verify(bearer(token));
  await verifier.verifyToken(token);
  verifier.findCachedRequest?.(bearer(token));
  await verifier.verify(bearer(await server.mintAccessToken()));
  await expectRejection('abc');
  await expectRejection(await server.mintAccessToken({ exp: 1 }));
  await expect(verifier.verify({ headers: {} })).rejects.toThrow();
  await expectRejection('%');
  expect(() => verifier.authorize(authenticated, { scopes: ['items:write'] })).toThrow();
  const statistics = verifier.statistics();
  expect(statistics).toMatchObject({
    accepted: 4,
    rejected: { invalid_token: 2, token_missing: 1, invalid_request: 1, insufficient_scope: 1 },
    unavailable: 0,
    cacheHitRatio: 0.5,
    caches: {
      verifiedTokens: { entries: 2, hits: 2 },
      // The first token waits for the keys, the second one uses them.
      keySets: { entries: statistics.issuers[0]?.keys, hits: 1 },
    },
  });
});

describe('introspection', () => {
  test('counts tokens whose rejection is cached', async () => {
    const { verifier } = startIntrospection(() => ({ active: false }));
    for (let i = 0; i < 3; i++) await expect(verifier.verifyToken('t')).rejects.toThrow();
    expect(verifier.statistics().caches).toMatchObject({
      verifiedTokens: empty,
      rejectedTokens: { entries: 1, hits: 2 },
    });
  });

  test('counts responses that are reused for a token that validate rejects', async () => {
    const validate = () => {
      throw new Error('not a member');
    };
    const { verifier } = startIntrospection(() => activeResponse, {}, { validate });
    for (let i = 0; i < 3; i++) await expect(verifier.verifyToken('t')).rejects.toThrow();
    expect(verifier.statistics().caches).toMatchObject({
      verifiedTokens: empty,
      introspectionResults: { entries: 1, hits: 2 },
    });
  });
});

test('reports the age of the keys and the failure of the last fetch', async () => {
  const { server, verifier, bearer, expectRejection } = await setUp();
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
  await expectRejection(token);
  expect(verifier.statistics()).toMatchObject({ unavailable: 1, rejected: {} });
});

test('fetches nothing', async () => {
  const { server, verifier, bearer } = await setUp();
  verifier.statistics();
  await verifier.verify(bearer(await server.mintAccessToken()));
  const requests = server.requests.length;
  server.clock.advance(700);
  verifier.statistics();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.requests).toHaveLength(requests);
});

test('reports no age for configured keys', async () => {
  const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const key = await crypto.subtle.exportKey('jwk', publicKey);
  const { verifier } = await setUp({ jwks: { keys: [key] } });
  expect(verifier.statistics().issuers).toMatchObject([{ keys: 1, keysAge: undefined, usable: true }]);
});
