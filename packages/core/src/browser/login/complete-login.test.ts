import { expect, test } from 'vitest';
import { createTestProvider } from '../../../tests/support/browser/browser-provider.ts';
import { resolveOptions } from '../options.ts';
import { createEndedLogin, type StoredTokenSet } from '../state/login-holder.ts';
import { createLoginStore } from '../state/login-store.ts';
import { createMemoryStorage } from '../state/token-storage.ts';
import { createAuthorizationRequest } from './authorization-request.ts';
import { completeLogin, type LoginAttempt } from './complete-login.ts';

const redirectUri = 'https://app.example/callback';

const createTokens = (sub: string) =>
  ({
    accessTokens: [],
    scopes: ['openid'],
    updatedAt: 0,
    claims: { iss: 'https://login.example', sub },
    refreshToken: `${sub}-1`,
    login: `${sub}-login`,
  }) as unknown as StoredTokenSet;

/** Prepares a login. `stored` are the tokens that it finds. `afterChange` runs after its tokens were stored. */
async function setUp(stored: StoredTokenSet | undefined, afterChange = () => {}) {
  const provider = await createTestProvider(Date.now);
  const context = resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri,
    fetch: provider.fetch,
  });
  const memory = createMemoryStorage();
  const key = `${context.prefix}tokens`;
  if (stored) memory.set(key, stored);
  const store = createLoginStore(context, {
    ...memory,
    update(name, change) {
      memory.update?.(name, change);
      afterChange();
    },
  });
  const complete = async (sub: string, attempt: Partial<LoginAttempt> = {}) => {
    provider.claims = (claims) => ({ ...claims, sub });
    const { url, transaction } = await createAuthorizationRequest(context, { redirectUri, returnTo: '/' });
    const parameters = new URL(provider.approve(url.href)).searchParams;
    const attemptState = { generation: store.getGeneration(), startedAt: store.readClock() };
    return completeLogin(context, store, {
      parameters,
      transaction,
      ...attemptState,
      previousTokens: stored,
      isVisible: true,
      ...attempt,
    });
  };
  const getStored = () => memory.get(key) as StoredTokenSet | undefined;
  return { provider, store, complete, getStored };
}

test('B24: starts a new login and a new generation for another user', async () => {
  const { store, complete, getStored } = await setUp(createTokens('alice'));
  const generation = store.getGeneration();
  await complete('bob');
  expect(getStored()?.login).toMatch(/^[\w-]{43}$/);
  expect(store.getGeneration()).toBeGreaterThan(generation);
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
});

test('a visible login replaces the silent login of another user that another tab has stored meanwhile', async () => {
  const { store, complete, getStored } = await setUp({ ...createTokens('alice'), isSilent: true });
  await complete('bob', { previousTokens: undefined });
  expect(getStored()).toMatchObject({ claims: { sub: 'bob' } });
  expect(getStored()).not.toHaveProperty('isSilent');
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
});

test('a visible login does not replace the visible login of another user that came meanwhile', async () => {
  const { complete, getStored } = await setUp(createTokens('alice'));
  await expect(complete('bob', { previousTokens: undefined })).rejects.toMatchObject({
    code: 'session_ended',
  });
  expect(getStored()).toEqual(createTokens('alice'));
});

test.each([
  ['a new silent login', undefined, true],
  ['the silent refresh of a silent login', { ...createTokens('alice'), isSilent: true as const }, true],
  ['the silent refresh of a visible login', createTokens('alice'), undefined],
])('the tokens of %s record whether the user has seen a page', async (_, stored, isSilent) => {
  const { complete, getStored } = await setUp(stored);
  await complete('alice', { isVisible: false });
  expect(getStored()?.isSilent).toBe(isSilent);
});

test('continues the login and its generation for the same user', async () => {
  const { store, complete, getStored } = await setUp(createTokens('alice'));
  const generation = store.getGeneration();
  await complete('alice');
  expect(getStored()?.login).toBe('alice-login');
  expect(store.getGeneration()).toBe(generation);
});

test('B25: rejects a login that is followed by a logout, and revokes its tokens', async () => {
  const { provider, store, complete } = await setUp(undefined, () => void store.advanceGeneration());
  await expect(complete('alice')).rejects.toMatchObject({ code: 'session_ended' });
  expect(store.snapshot()).toEqual({ status: 'loading' });
  expect(provider.revoked).not.toEqual([]);
});

const silent = { isVisible: false, previousTokens: undefined };

test('a silent login uses newer tokens of the same user that another tab has stored', async () => {
  const { store, complete, getStored } = await setUp(createTokens('alice'));
  await expect(complete('alice', silent)).resolves.toEqual({ sub: 'alice' });
  expect(getStored()).toEqual(createTokens('alice'));
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', holder: { login: 'alice-login' } });
});

test('B25: a silent login does not use tokens of another tab after a logout', async () => {
  const { store, complete } = await setUp(createTokens('alice'), () => void store.advanceGeneration());
  await expect(complete('alice', silent)).rejects.toMatchObject({ code: 'session_ended' });
  expect(store.snapshot()).toEqual({ status: 'loading' });
});

test('B22: a silent login does not use tokens of another user that another tab has stored', async () => {
  const { store, complete, getStored } = await setUp(createTokens('bob'));
  await expect(complete('alice', silent)).rejects.toMatchObject({ code: 'session_ended' });
  expect(getStored()).toEqual(createTokens('bob'));
  expect(store.snapshot()).toEqual({ status: 'loading' });
});

test('B25: a login that began before a logout stores no tokens beside a newer login of the user', async () => {
  const alice = createTokens('alice');
  const { provider, store, complete, getStored } = await setUp(alice);
  const attempt = { startedAt: store.readClock(), generation: store.getGeneration() };
  store.recordLogout(attempt.startedAt);
  const newerTokens = { ...alice, loginStartedAt: attempt.startedAt + 1 };
  await store.changeTokens(() => newerTokens);
  const revokedBefore = provider.revoked.length;
  await expect(complete('alice', attempt)).rejects.toMatchObject({ code: 'session_ended' });
  expect(getStored()).toEqual(newerTokens);
  expect(provider.revoked).toHaveLength(revokedBefore);
});

/** What is stored after the provider has ended a login: the previous one, or one that began after a logout. */
const createEnd = (login: string) => createEndedLogin({ ...createTokens('alice'), login });

test('starts a new login if the provider has ended the previous login of the user', async () => {
  const { store, complete, getStored } = await setUp(createEnd('alice-login'));
  const generation = store.getGeneration();
  await complete('alice', { previousTokens: createTokens('alice') });
  expect(getStored()?.login).toMatch(/^[\w-]{43}$/);
  expect(getStored()).not.toHaveProperty('endedLogin');
  expect(store.getGeneration()).toBeGreaterThan(generation);
});

test.each([
  ['visible', 'another login of the user', 'alice-second-login', true],
  ['visible', 'the login of another user', 'bob-login', true],
  ['silent', 'the previous login', 'alice-login', false],
])('B25: a %s login of the same user is rejected after the end of %s', async (_, _end, name, isVisible) => {
  const end = createEnd(name);
  const { provider, store, complete, getStored } = await setUp(end);
  const attempt = { previousTokens: createTokens('alice'), isVisible };
  await expect(complete('alice', attempt)).rejects.toMatchObject({ code: 'session_ended' });
  expect(getStored()).toEqual(end);
  expect(store.snapshot()).toEqual({ status: 'loading' });
  expect(provider.revoked).not.toEqual([]);
});
