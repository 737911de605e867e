import { describe, expect, test } from 'vitest';
import {
  activeResponse,
  startIntrospection,
} from '../../../tests/support/resource-server/start-introspection.ts';

const limits = { perSecond: 2, burst: 4, concurrent: 3 };
const readOutcome = (verifying: Promise<unknown>) =>
  verifying.then(
    () => 'accepted',
    (error) => (error.name === 'TransportError' ? `503 ${error.retryAfter}` : error.status),
  );

describe('R4: unknown tokens', () => {
  test('cause a limited count of requests, then lead to 503 with Retry-After', async () => {
    const { verifier, introspected, clock } = startIntrospection(() => ({ active: false }), {
      unknownTokens: limits,
    });
    const flood = async (name: string) => {
      const outcomes: unknown[] = [];
      for (let i = 0; i < 20; i++) outcomes.push(await readOutcome(verifier.verifyToken(`${name}${i}`)));
      return outcomes;
    };
    const first = await flood('a');
    expect(first.slice(0, 4)).toEqual([401, 401, 401, 401]);
    expect(first.slice(4)).toEqual(Array(16).fill('503 1'));
    expect(introspected).toHaveLength(4);
    clock.time += 1_000;
    await flood('b');
    expect(introspected).toHaveLength(6);
  });

  test('do not affect tokens that the issuer confirmed before', async () => {
    const { verifier, introspected, clock } = startIntrospection(
      (token) => (token.startsWith('known') ? activeResponse : { active: false }),
      { unknownTokens: limits, maxAge: 30 },
    );
    await verifier.verifyToken('known1');
    await verifier.verifyToken('known2');
    for (let round = 0; round < 5; round++) {
      clock.time += 31_000;
      const requestsBefore = introspected.length;
      for (let i = 0; i < 20; i++) await readOutcome(verifier.verifyToken(`x${round}.${i}`));
      await expect(verifier.verifyToken('known1')).resolves.toBeDefined();
      await expect(verifier.verifyToken('known2')).resolves.toBeDefined();
      expect(introspected.length - requestsBefore).toBe(6);
    }
  });

  test('cause a limited count of concurrent requests, and do not delay confirmed tokens', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { verifier, introspected, clock } = startIntrospection(
      async (token) => {
        if (token.startsWith('x')) await held;
        return token === 'known' ? activeResponse : { active: false };
      },
      { unknownTokens: { ...limits, burst: 100 }, maxAge: 30 },
    );
    await verifier.verifyToken('known');
    clock.time += 31_000;
    const flood = Array.from({ length: 10 }, (_, i) => readOutcome(verifier.verifyToken(`x${i}`)));
    const countUnknown = () => introspected.filter((token) => token.startsWith('x')).length;
    await expect.poll(countUnknown, { timeout: 10_000 }).toBe(3);
    await expect(verifier.verifyToken('known')).resolves.toBeDefined();
    release();
    // Which tokens get a slot depends on the order in which their hashes are computed.
    const outcomes = await Promise.all(flood);
    expect(outcomes.toSorted()).toEqual([401, 401, 401, ...Array(7).fill('503 1')]);
  });

  test('include a token that is no longer active', async () => {
    let active = true;
    const { verifier, introspected, clock } = startIntrospection(
      () => (active ? activeResponse : { active: false }),
      {
        unknownTokens: { ...limits, perSecond: 1, burst: 1 },
        maxAge: 1,
        negativeMaxAge: 0,
      },
    );
    await verifier.verifyToken('t');
    active = false;
    clock.time += 1_000;
    expect(await readOutcome(verifier.verifyToken('t'))).toBe(401);
    expect(await readOutcome(verifier.verifyToken('t'))).toBe(401);
    expect(await readOutcome(verifier.verifyToken('t'))).toBe('503 1');
    expect(introspected).toHaveLength(3);
  });

  test('do not occupy a slot after a failed request', async () => {
    const { verifier, clock } = startIntrospection(() => 500, { unknownTokens: limits });
    for (let i = 0; i < 10; i++) {
      clock.time += 1_000;
      expect(await readOutcome(verifier.verifyToken(`t${i}`))).toBe('503 undefined');
    }
  });

  test.each([{ perSecond: 0 }, { burst: -1 }, { concurrent: Number.NaN }])(
    'throws for the limits %j',
    (unknownTokens) => {
      expect(() => startIntrospection(() => activeResponse, { unknownTokens })).toThrow(
        /introspection\.unknownTokens/,
      );
    },
  );
});

describe('R10: a response without exp', () => {
  test('has no expiry and is requested again after maxAge', async () => {
    const { verifier, introspected, clock } = startIntrospection(() => activeResponse, { maxAge: 30 });
    const token = await verifier.verifyToken('t');
    expect(token.expiresAt).toBeUndefined();
    expect(token.claims).not.toHaveProperty('exp');
    clock.time += 29_000;
    await verifier.verifyToken('t');
    expect(introspected).toHaveLength(1);
    clock.time += 1_000;
    await verifier.verifyToken('t');
    expect(introspected).toHaveLength(2);
  });

  test.each([{ maxAge: -1 }, { negativeMaxAge: Number.NaN }])('throws for the options %j', (options) => {
    expect(() => startIntrospection(() => activeResponse, options)).toThrow(
      /"introspection\.\w+" is .*, expected 0 to 86400 seconds\./,
    );
  });
});
