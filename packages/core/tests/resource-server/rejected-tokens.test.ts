import { expect, test } from 'vitest';
import { TransportError } from '../../src/errors.ts';
import type { AccessTokenVerifierOptions } from '../../src/resource-server/index.ts';
import { good, startIntrospection } from '../support/start-introspection.ts';

const rejected = { code: 'invalid_token', status: 401 };
/** The issuer's clock in the tests, in seconds. */
const start = 1_800_000_000;

const refusals: [string, Record<string, unknown>][] = [
  ['for another audience', { aud: 'https://other.example.test' }],
  ['without an audience', { aud: undefined }],
  ['of another issuer', { iss: 'https://other.example.test' }],
  ['of another kind', { token_type: 'refresh_token' }],
  ['expired', { exp: 1 }],
  ['with a malformed claim', { auth_time: 'yesterday' }],
  ['without a subject', { sub: undefined, client_id: undefined }],
  ['with an unknown binding', { cnf: { x: 'y' } }],
];

test.each(refusals)(
  'R7: a token that is active and %s is introspected once in negativeMaxAge',
  async (_, more) => {
    const answer = { ...good, ...more };
    const { verifier, asked, clock } = startIntrospection(() => answer, { negativeMaxAge: 10 });
    const messages = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const error = await verifier.verifyToken('t').catch((caught: unknown) => caught);
      expect(error).toMatchObject(rejected);
      messages.add((error as Error).message);
    }
    expect(asked).toHaveLength(1);
    expect(messages.size).toBe(1);
    expect([...messages][0]).not.toContain('not active');
    clock.time += 10_000;
    await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
    expect(asked).toHaveLength(2);
  },
);

test('R7: a token that the profile refuses, also with an exception, is introspected once in negativeMaxAge', async () => {
  const { verifier, asked } = startIntrospection(() => good, {}, { profile: 'cognito' });
  for (let i = 0; i < 20; i++) await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(asked).toHaveLength(1);
  const profile = {
    name: 'own',
    relaxes: [],
    types: ['at+jwt'],
    required: ['sub'],
    reject: () => {
      throw new Error('a mistake in the profile');
    },
  };
  const failing = startIntrospection(() => good, {}, { profile });
  for (let i = 0; i < 20; i++)
    await expect(failing.verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(failing.asked).toHaveLength(1);
});

test.each(['nbf', 'iat'])('R7: the refusal of a token with a future %s ends at that time', async (name) => {
  const answer = { ...good, [name]: start + 33 };
  const { verifier, asked, clock } = startIntrospection(() => answer, { negativeMaxAge: 10 });
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  clock.time += 2_000;
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  expect(asked).toHaveLength(1);
  clock.time += 1_000;
  await expect(verifier.verifyToken('t')).resolves.toMatchObject({ sub: 'alice' });
});

test('R7: a token that was accepted before uses the budget of unknown tokens once it is refused', async () => {
  let answer: Record<string, unknown> = good;
  const unknownTokens = { burst: 1, perSecond: 1 };
  const { verifier, asked, clock } = startIntrospection(() => answer, {
    maxAge: 0,
    negativeMaxAge: 0,
    unknownTokens,
  });
  await verifier.verifyToken('t');
  answer = { ...good, aud: 'https://other.example.test' };
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  clock.time += 1_000;
  await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'rate_limited' });
  expect(asked).toHaveLength(3);
});

test('R7: a token that the check of the API refuses is introspected once in maxAge, and checked each time', async () => {
  let checks = 0;
  let outcome: 'refused' | 'unavailable' | 'accepted' = 'refused';
  const validate = () => {
    checks++;
    if (outcome === 'unavailable') throw new TransportError('server_error', 'The database is unavailable.');
    if (outcome === 'refused') throw new Error('The tenant is unknown.');
  };
  const { verifier, asked, clock } = startIntrospection(() => good, { maxAge: 30 }, {
    validate,
  } as Partial<AccessTokenVerifierOptions>);
  for (let i = 0; i < 10; i++) await expect(verifier.verifyToken('t')).rejects.toMatchObject(rejected);
  outcome = 'unavailable';
  for (let i = 0; i < 10; i++)
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ name: 'TransportError' });
  expect([asked.length, checks]).toEqual([1, 20]);
  outcome = 'accepted';
  await expect(verifier.verifyToken('t')).resolves.toMatchObject({ sub: 'alice' });
  expect(asked).toHaveLength(1);
  clock.time += 30_000;
  await verifier.verifyToken('t');
  expect(asked).toHaveLength(2);
});

test('R7: opaque tokens with one ending are each introspected once in maxAge', async () => {
  const { verifier, asked } = startIntrospection((token) => ({ ...good, sub: token }));
  const tokens = ['one', 'two'].map((name) => `${name}-0123456789-eu-central-1`);
  for (let i = 0; i < 10; i++) {
    for (const token of tokens)
      await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: token });
  }
  expect(asked).toHaveLength(2);
});
