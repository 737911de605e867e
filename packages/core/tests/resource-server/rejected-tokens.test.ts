import { expect, test } from 'vitest';
import { TransportError } from '../../src/errors.ts';
import type { AccessTokenVerifierOptions } from '../../src/resource-server/index.ts';
import { activeResponse, startIntrospection } from '../support/resource-server/start-introspection.ts';

const rejected = { code: 'invalid_token', status: 401 };
/** Start of the clock, in seconds since the epoch. */
const start = 1_800_000_000;

const rejections: [string, Record<string, unknown>][] = [
  ['for another audience', { aud: 'https://other.example.test' }],
  ['without an audience', { aud: undefined }],
  ['from another issuer', { iss: 'https://other.example.test' }],
  ['of another kind', { token_type: 'refresh_token' }],
  ['expired', { exp: 1 }],
  ['with a malformed claim', { auth_time: 'yesterday' }],
  ['without a subject', { sub: undefined, client_id: undefined }],
  ['with an unknown confirmation method', { cnf: { x: 'y' } }],
];

test.each(rejections)('R7: introspects an active token %s once per negativeMaxAge', async (_, more) => {
  const response = { ...activeResponse, ...more };
  const { verifier, introspected, clock } = startIntrospection(() => response, { negativeMaxAge: 10 });
  const messages = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const error = await verifier.verifyToken('t').catch((caught: unknown) => caught);
    expect(error).toMatchObject(rejected);
    messages.add((error as Error).message);
  }
  expect(introspected).toHaveLength(1);
  expect(messages.size).toBe(1);
  expect([...messages][0]).not.toContain('not active');
  clock.time += 10_000;
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(introspected).toHaveLength(2);
});

test('R7: introspects a token that the profile rejects once per negativeMaxAge', async () => {
  const { verifier, introspected } = startIntrospection(() => activeResponse, {}, { profile: 'cognito' });
  for (let i = 0; i < 20; i++) await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(introspected).toHaveLength(1);
  const profile = {
    name: 'custom',
    relaxes: [],
    types: ['at+jwt'],
    required: ['sub'],
    reject: () => {
      throw new Error('a mistake in the profile');
    },
  };
  const failing = startIntrospection(() => activeResponse, {}, { profile });
  for (let i = 0; i < 20; i++)
    await expect(failing.verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(failing.introspected).toHaveLength(1);
});

test.each(['nbf', 'iat'])(
  'R7: caches the rejection of a token with a future %s until that time',
  async (name) => {
    const response = { ...activeResponse, [name]: start + 33 };
    const { verifier, introspected, clock } = startIntrospection(() => response, { negativeMaxAge: 10 });
    await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
    clock.time += 2_000;
    await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
    expect(introspected).toHaveLength(1);
    clock.time += 1_000;
    await expect(verifier.verifyToken('t')).resolves.toMatchObject({ sub: 'alice' });
  },
);

test('R7: limits introspection of a rejected token that was accepted earlier', async () => {
  let response: Record<string, unknown> = activeResponse;
  const unknownTokens = { burst: 1, perSecond: 1 };
  const { verifier, introspected, clock } = startIntrospection(() => response, {
    maxAge: 0,
    negativeMaxAge: 0,
    unknownTokens,
  });
  await verifier.verifyToken('t');
  response = { ...activeResponse, aud: 'https://other.example.test' };
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  clock.time += 1_000;
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'rate_limited' });
  expect(introspected).toHaveLength(3);
});

test('R7: introspects a token that validate rejects once per maxAge, and calls validate each time', async () => {
  let checks = 0;
  let outcome: 'rejected' | 'unavailable' | 'accepted' = 'rejected';
  const validate = () => {
    checks++;
    if (outcome === 'unavailable') throw new TransportError('server_error', 'The database is unavailable.');
    if (outcome === 'rejected') throw new Error('The tenant is unknown.');
  };
  const { verifier, introspected, clock } = startIntrospection(() => activeResponse, { maxAge: 30 }, {
    validate,
  } as Partial<AccessTokenVerifierOptions>);
  for (let i = 0; i < 10; i++) await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  outcome = 'unavailable';
  for (let i = 0; i < 10; i++)
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ name: 'TransportError' });
  expect([introspected.length, checks]).toEqual([1, 20]);
  outcome = 'accepted';
  await expect(verifier.verifyToken('t')).resolves.toMatchObject({ sub: 'alice' });
  expect(introspected).toHaveLength(1);
  clock.time += 30_000;
  await verifier.verifyToken('t');
  expect(introspected).toHaveLength(2);
});

test('R7: introspects opaque tokens with the same ending once per maxAge each', async () => {
  const { verifier, introspected } = startIntrospection((token) => ({ ...activeResponse, sub: token }));
  const tokens = ['one', 'two'].map((name) => `${name}-0123456789-eu-central-1`);
  for (let i = 0; i < 10; i++) {
    for (const token of tokens)
      await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: token });
  }
  expect(introspected).toHaveLength(2);
});
