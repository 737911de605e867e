import type { TestAuthorizationServerOptions } from '@countersign/testing';
import { base64url, decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import type { AccessTokenVerifierOptions } from '../index.ts';

async function setUp(
  options: Partial<AccessTokenVerifierOptions> = {},
  serverOptions: TestAuthorizationServerOptions = {},
) {
  const { server, verifier, events } = await startVerifier(options, { ownKeys: true, ...serverOptions });
  server.clock.stop();
  const longLived = { exp: 4e9 };
  return { server, verifier, events, longLived };
}

const createForgedToken = (index: number) => {
  const encode = (value: unknown) => base64url.encode(JSON.stringify(value));
  return (claims: object) =>
    `${encode({ alg: 'RS256', typ: 'at+jwt', kid: `forged-${index}` })}.${encode(claims)}.${'A'.repeat(342)}`;
};

describe('A4: tokens with unknown keys', () => {
  test('cause one fetch per cool-down if they are concurrent, and do not affect valid tokens', async () => {
    const { server, verifier, longLived } = await setUp({ keysCoolDown: 10 });
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    const claims = decodeJwt(good);
    for (let round = 0; round < 3; round++) {
      const fetched = server.requestsTo('jwks').length;
      const another = await server.mintAccessToken(longLived);
      const flood = Array.from({ length: 200 }, (_, index) =>
        verifier.verifyToken(createForgedToken(index + round * 200)(claims)),
      );
      const fresh = verifier.verifyToken(another);
      const settled = await Promise.allSettled(flood);
      expect(
        settled.every((each) => each.status === 'rejected' && each.reason.code === 'invalid_token'),
      ).toBe(true);
      await expect(fresh).resolves.toBeDefined();
      expect(server.requestsTo('jwks').length - fetched).toBe(1);
      server.clock.advance(10);
    }
  });

  test('cause five fetches, then one per cool-down, if they are sequential', async () => {
    const { server, verifier, longLived } = await setUp({ keysCoolDown: 10 });
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    const claims = decodeJwt(good);
    let kid = 0;
    const flood = async () => {
      for (let i = 0; i < 50; i++)
        await verifier.verifyToken(createForgedToken(kid++)(claims)).catch(() => {});
      return server.requestsTo('jwks').length;
    };
    expect(await flood()).toBe(6);
    server.clock.advance(9);
    expect(await flood()).toBe(6);
    server.clock.advance(1);
    expect(await flood()).toBe(7);
    await verifier.verifyToken(good);
    await verifier.verifyToken(await server.mintAccessToken(longLived));
  });

  test('K1: do not delay a valid token after a rotation if their count is small', async () => {
    const { server, verifier, longLived } = await setUp({ keysCoolDown: 10 });
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    for (const kid of [1, 1, 2])
      await expect(verifier.verifyToken(createForgedToken(kid)(decodeJwt(good)))).rejects.toMatchObject({
        status: 401,
      });
    await server.rotateKeys({ keepOld: true });
    await expect(verifier.verifyToken(await server.mintAccessToken(longLived))).resolves.toBeDefined();
  });

  test('K2: delay the tokens of a new key by at most one cool-down, with 503', async () => {
    const { server, verifier, longLived } = await setUp({ keysCoolDown: 10 });
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    const claims = decodeJwt(good);
    for (let i = 0; i < 50; i++) await verifier.verifyToken(createForgedToken(i)(claims)).catch(() => {});
    await server.rotateKeys({ keepOld: true });
    server.clock.advance(3);
    const fresh = await server.mintAccessToken(longLived);
    await expect(verifier.verifyToken(fresh)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'rate_limited',
      retryAfter: 7,
    });
    server.clock.advance(7);
    // Another forged token causes the fetch that returns the new key.
    await verifier.verifyToken(createForgedToken(99)(claims)).catch(() => {});
    await expect(verifier.verifyToken(fresh)).resolves.toBeDefined();
  });

  test('K2: do not affect the rejection of a wrong signature with a known kid', async () => {
    const { server, verifier, longLived } = await setUp({ keysCoolDown: 10 });
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    for (let i = 0; i < 50; i++)
      await verifier.verifyToken(createForgedToken(i)(decodeJwt(good))).catch(() => {});
    const [header, payload] = (await server.mintAccessToken({ ...longLived, sub: 'bob' })).split('.');
    const tampered = `${header}.${payload}.${good.split('.')[2]}`;
    await expect(verifier.verifyToken(tampered)).rejects.toMatchObject({
      code: 'invalid_token',
      status: 401,
    });
  });

  test('K3: are accepted when their key is published', async () => {
    const { server, verifier, longLived } = await setUp();
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    const old = await (await server.fetch(`${server.issuer}/jwks`, {})).text();
    await server.rotateKeys({ keepOld: true });
    const fresh = await server.mintAccessToken(longLived);
    server.fail('jwks', { status: 200, body: old, headers: { 'content-type': 'application/json' } });
    await expect(verifier.verifyToken(fresh)).rejects.toMatchObject({ status: 401 });
    await expect(verifier.verifyToken(fresh)).resolves.toBeDefined();
  });

  test('K4: are rejected without further fetches if their keys were removed', async () => {
    const { server, verifier, longLived } = await setUp({ keysMaxAge: 60 });
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) => server.mintAccessToken({ ...longLived, sub: `user${i}` })),
    );
    await verifier.verifyToken(tokens[0] as string);
    await server.rotateKeys();
    server.clock.advance(60);
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    const fetched = server.requestsTo('jwks').length;
    for (let round = 0; round < 10; round++)
      for (const token of tokens)
        await verifier.verifyToken(token).then(
          () => expect.unreachable(),
          (error) => expect(error).toMatchObject({ code: 'invalid_token' }),
        );
    expect(server.requestsTo('jwks').length - fetched).toBeLessThanOrEqual(5);
  });

  test('K4: cause no fetch if they were issued long before the last fetch', async () => {
    const { server, verifier, longLived } = await setUp();
    const stale = decodeJwt(await server.mintAccessToken(longLived));
    server.clock.advance(91);
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    for (let i = 0; i < 20; i++)
      await expect(verifier.verifyToken(createForgedToken(i)(stale))).rejects.toMatchObject({
        code: 'invalid_token',
      });
    expect(server.requestsTo('jwks')).toHaveLength(1);
  });

  test('wait for one fetch after a rotation, and are accepted', async () => {
    const { server, verifier, longLived } = await setUp();
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    await server.rotateKeys({ keepOld: true });
    const tokens = await Promise.all(Array.from({ length: 50 }, () => server.mintAccessToken(longLived)));
    await Promise.all(tokens.map((token) => verifier.verifyToken(token)));
    expect(server.requestsTo('jwks')).toHaveLength(2);
  });

  test('are accepted after a fetch whose response is older than the rotation', async () => {
    let hold: Promise<void> | undefined;
    let serverFetch: typeof fetch;
    const { server, verifier, longLived } = await setUp({
      keysMaxAge: 60,
      fetch: async (url, init) => {
        const response = await serverFetch(url, init);
        await hold;
        return response;
      },
    });
    serverFetch = server.fetch as typeof fetch;
    const good = await server.mintAccessToken(longLived);
    await verifier.verifyToken(good);
    let release = () => {};
    hold = new Promise((resolve) => (release = resolve));
    server.clock.advance(61);
    await verifier.verifyToken(good);
    await expect.poll(() => server.requestsTo('jwks').length).toBe(2);
    // The response with the previous keys is on its way.
    await server.rotateKeys({ keepOld: true });
    const verifying = verifier.verifyToken(await server.mintAccessToken(longLived));
    hold = undefined;
    release();
    await expect(verifying).resolves.toBeDefined();
    expect(server.requestsTo('jwks')).toHaveLength(3);
  });

  test('lead to 503 while the keys cannot be fetched', async () => {
    const { server, verifier, longLived } = await setUp();
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    await server.rotateKeys({ keepOld: true });
    const token = await server.mintAccessToken(longLived);
    server.fail('jwks', { status: 500 });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ name: 'TransportError' });
    // Also during the cool-down: the reason is the failed fetch.
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ name: 'TransportError' });
    server.clock.advance(10);
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });
});

describe('A5: an unavailable key endpoint', () => {
  test('does not affect verification while the keys are usable', async () => {
    const { server, verifier, events, longLived } = await setUp({ keysMaxAge: 60, keysMaxStale: 3600 });
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    server.fail('jwks', { network: true, times: 3 });
    server.clock.advance(130);
    for (let i = 0; i < 5; i++) {
      await expect(verifier.verifyToken(await server.mintAccessToken(longLived))).resolves.toBeDefined();
      server.clock.advance(2);
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(events.filter(({ type }) => type === 'keys.failed')).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'keys.fetched')).toHaveLength(2);
  });

  test('leads to 503 after keysMaxStale', async () => {
    const { server, verifier, longLived } = await setUp({ keysMaxAge: 60, keysMaxStale: 3600 });
    const token = await server.mintAccessToken(longLived);
    await verifier.verifyToken(token);
    server.fail('jwks', { network: true, times: 100 });
    server.clock.advance(3600);
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ name: 'TransportError' });
  });

  test('leads to 503 at startup, with one fetch for concurrent tokens', async () => {
    const { server, verifier, longLived } = await setUp();
    server.fail('jwks', { status: 503, headers: { 'retry-after': '7' } });
    const tokens = await Promise.all(Array.from({ length: 20 }, () => server.mintAccessToken(longLived)));
    const settled = await Promise.allSettled(tokens.map((token) => verifier.verifyToken(token)));
    for (const each of settled) {
      expect(each).toMatchObject({ status: 'rejected', reason: { name: 'TransportError', retryAfter: 7 } });
    }
    expect(server.requestsTo('jwks')).toHaveLength(1);
    server.clock.advance(1);
    await expect(verifier.verifyToken(tokens[0] as string)).resolves.toBeDefined();
  });

  test('does not delay requests, because keys are fetched in the background', async () => {
    const { server, verifier, longLived } = await setUp({ keysMaxAge: 60 });
    const token = await server.mintAccessToken(longLived);
    await verifier.verifyToken(token);
    server.clock.advance(61);
    const release = server.hold('jwks');
    // Does not wait for the held fetch.
    await verifier.verifyToken(token);
    await verifier.verifyToken(await server.mintAccessToken(longLived));
    release();
    await expect.poll(() => server.requestsTo('jwks').length).toBe(2);
  });
});
