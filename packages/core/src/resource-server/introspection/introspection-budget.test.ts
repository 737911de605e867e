import { describe, expect, test } from 'vitest';
import { good, startIntrospection } from '../../../tests/support/start-introspection.ts';

const limits = { perSecond: 2, burst: 4, concurrent: 3 };
const outcome = (verifying: Promise<unknown>) =>
  verifying.then(
    () => 'good',
    (error) => (error.name === 'TransportError' ? `503 ${error.retryAfter}` : error.status),
  );

describe('R4: random tokens', () => {
  test('cause a bounded number of requests, and those beyond get 503 with a time', async () => {
    const { verifier, asked, clock } = startIntrospection(() => ({ active: false }), {
      unknownTokens: limits,
    });
    const flood = async (name: string) => {
      const seen: unknown[] = [];
      for (let i = 0; i < 20; i++) seen.push(await outcome(verifier.verifyToken(`${name}${i}`)));
      return seen;
    };
    const first = await flood('a');
    expect(first.slice(0, 4)).toEqual([401, 401, 401, 401]);
    expect(first.slice(4)).toEqual(Array(16).fill('503 1'));
    expect(asked).toHaveLength(4);
    clock.time += 1_000;
    await flood('b');
    expect(asked).toHaveLength(6);
  });

  test('do not keep out tokens that were good before', async () => {
    const { verifier, asked, clock } = startIntrospection(
      (token) => (token.startsWith('known') ? good : { active: false }),
      { unknownTokens: limits, maxAge: 30 },
    );
    await verifier.verifyToken('known1');
    await verifier.verifyToken('known2');
    for (let round = 0; round < 5; round++) {
      clock.time += 31_000;
      const before = asked.length;
      for (let i = 0; i < 20; i++) await outcome(verifier.verifyToken(`x${round}.${i}`));
      await expect(verifier.verifyToken('known1')).resolves.toBeDefined();
      await expect(verifier.verifyToken('known2')).resolves.toBeDefined();
      expect(asked.length - before).toBe(6);
    }
  });

  test('are asked about by few requests at a time, and a slow issuer does not hold up known tokens', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { verifier, asked, clock } = startIntrospection(
      async (token) => {
        if (token.startsWith('x')) await held;
        return token === 'known' ? good : { active: false };
      },
      { unknownTokens: { ...limits, burst: 100 }, maxAge: 30 },
    );
    await verifier.verifyToken('known');
    clock.time += 31_000;
    const flood = Array.from({ length: 10 }, (_, i) => outcome(verifier.verifyToken(`x${i}`)));
    await expect.poll(() => asked.filter((token) => token.startsWith('x')).length).toBe(3);
    await expect(verifier.verifyToken('known')).resolves.toBeDefined();
    release();
    expect(await Promise.all(flood)).toEqual([401, 401, 401, ...Array(7).fill('503 1')]);
  });

  test('a token that was good and is not active any more has no privilege', async () => {
    let active = true;
    const { verifier, asked, clock } = startIntrospection(() => (active ? good : { active: false }), {
      unknownTokens: { ...limits, perSecond: 1, burst: 1 },
      maxAge: 1,
      negativeMaxAge: 0,
    });
    await verifier.verifyToken('t');
    active = false;
    clock.time += 1_000;
    expect(await outcome(verifier.verifyToken('t'))).toBe(401);
    expect(await outcome(verifier.verifyToken('t'))).toBe(401);
    expect(await outcome(verifier.verifyToken('t'))).toBe('503 1');
    expect(asked).toHaveLength(3);
  });

  test('requests that fail end their turn', async () => {
    const { verifier, clock } = startIntrospection(() => 500, { unknownTokens: limits });
    for (let i = 0; i < 10; i++) {
      clock.time += 1_000;
      expect(await outcome(verifier.verifyToken(`t${i}`))).toBe('503 undefined');
    }
  });

  test.each([{ perSecond: 0 }, { burst: -1 }, { concurrent: Number.NaN }])(
    '%j does not start',
    (unknownTokens) => {
      expect(() => startIntrospection(() => good, { unknownTokens })).toThrow(/introspection\.unknownTokens/);
    },
  );
});

describe('an answer without exp', () => {
  test('gives no end, and is asked for again when its time is over', async () => {
    const { verifier, asked, clock } = startIntrospection(() => good, { maxAge: 30 });
    const token = await verifier.verifyToken('t');
    expect(token.expiresAt).toBeUndefined();
    expect(token.claims).not.toHaveProperty('exp');
    clock.time += 29_000;
    await verifier.verifyToken('t');
    expect(asked).toHaveLength(1);
    clock.time += 1_000;
    await verifier.verifyToken('t');
    expect(asked).toHaveLength(2);
  });

  test.each([{ maxAge: -1 }, { negativeMaxAge: Number.NaN }])('%j does not start', (wrong) => {
    expect(() => startIntrospection(() => good, wrong)).toThrow(/must be between 0 and 86400/);
  });
});
