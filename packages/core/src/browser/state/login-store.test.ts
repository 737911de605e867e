import { expect, test } from 'vitest';
import { resolveOptions } from '../options.ts';
import { isSameHolder, type StoredTokenSet } from './login-holder.ts';
import { createLoginStore } from './login-store.ts';
import { createMemoryStorage } from './token-storage.ts';

const issuer = 'https://login.example';
const key = `countersign ${issuer} spa tokens`;

const createTokens = (sub: string, more: Partial<StoredTokenSet> = {}) =>
  ({
    accessTokens: [],
    scopes: ['openid'],
    updatedAt: 0,
    claims: { iss: issuer, sub },
    refreshToken: `${sub}-1`,
    login: `${sub}-login`,
    ...more,
  }) as unknown as StoredTokenSet;

const alice = createTokens('alice');
const bob = createTokens('bob');

/** Creates a store with tokens, by default those of Alice, and functions that run during its operations. */
function setUp(stored: StoredTokenSet = alice, now?: () => number) {
  const memory = createMemoryStorage();
  const during: { read?: () => void; beforeChange?: () => unknown; afterChange?: () => void } = {};
  memory.set(key, stored);
  const store = createLoginStore(
    resolveOptions({
      issuer,
      clientId: 'spa',
      redirectUri: 'https://app.example/callback',
      ...(now && { now }),
    }),
    {
      ...memory,
      async get(name) {
        const tokens = await memory.get(name);
        during.read?.();
        return tokens;
      },
      async update(name, change) {
        await during.beforeChange?.();
        memory.update?.(name, change);
        during.afterChange?.();
      },
    },
  );
  return { store, during, getStored: () => memory.get(key), memory };
}

test('B24: distinguishes holders by issuer, sub and login', () => {
  const holder = { iss: issuer, sub: 'alice', login: 'first' };
  expect(isSameHolder(holder, { ...holder })).toBe(true);
  expect(isSameHolder({ sub: 'alice' }, holder)).toBe(true);
  expect(isSameHolder({ ...holder, iss: 'https://other.example' }, holder)).toBe(false);
  expect(isSameHolder({ ...holder, sub: 'bob' }, holder)).toBe(false);
  expect(isSameHolder({ ...holder, login: 'second' }, holder)).toBe(false);
  expect(isSameHolder(undefined, holder)).toBe(false);
});

test('S10: reads no tokens of another issuer, or of an unknown user', async () => {
  await expect(setUp().store.read()).resolves.toEqual(alice);
  for (const claims of [{ iss: 'https://other.example', sub: 'alice' }, { iss: issuer }, undefined]) {
    const { store } = setUp(createTokens('alice', { claims } as never));
    await expect(store.read()).resolves.toBeUndefined();
  }
});

test('B25: stores no refreshed tokens after another login or another refresh', async () => {
  for (const stored of [
    createTokens('alice', { login: 'alice-next' }),
    createTokens('alice', { refreshToken: 'x' }),
  ]) {
    const { store, getStored } = setUp(stored);
    await expect(store.replaceTokens(alice, createTokens('alice', { updatedAt: 1 }))).resolves.toBe(false);
    expect(getStored()).toEqual(stored);
  }
});

test('B25: does not publish refreshed tokens after a logout or another login', async () => {
  const { store, during } = setUp();
  during.afterChange = () => void store.advanceGeneration();
  await store.replaceTokens(alice, createTokens('alice', { updatedAt: 1 }));
  expect(store.snapshot()).toEqual({ status: 'loading' });
});

test('B24: deleteTokens() keeps the tokens of another user', async () => {
  const { store, getStored } = setUp(bob);
  await store.deleteTokens(alice);
  expect(getStored()).toEqual(bob);
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
});

test('B24: deleteTokens() keeps all tokens after another login has begun', async () => {
  const { store, during, getStored } = setUp();
  during.beforeChange = () => store.advanceGeneration();
  await store.deleteTokens(alice);
  expect(getStored()).toEqual(alice);
  expect(store.snapshot()).toEqual({ status: 'loading' });
});

test('B24: deleteTokens() keeps the snapshot of a later login', async () => {
  const { store, during } = setUp();
  during.afterChange = () => {
    store.advanceGeneration();
    store.publishTokens(bob);
  };
  await store.deleteTokens(alice);
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
});

test('deleteTokens() keeps tokens that a login or a refresh has replaced', async () => {
  const accessTokens = [{ accessToken: 'new', tokenType: 'Bearer', scopes: [] }] as const;
  for (const change of [{ refreshToken: 'alice-2' }, { accessTokens }]) {
    const replaced = createTokens('alice', change);
    const { store, getStored } = setUp(replaced);
    await store.deleteTokens(alice);
    expect(getStored()).toEqual(replaced);
    expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'alice' } });
  }
});

test('B25: a logout starts a generation before and after it deletes the tokens', async () => {
  const { store, during, getStored } = setUp();
  const generation = store.getGeneration();
  let duringLogout = generation;
  during.beforeChange = () => {
    duringLogout = store.getGeneration();
  };
  await store.clear();
  expect(getStored()).toBeUndefined();
  expect(duringLogout).toBeGreaterThan(generation);
  expect(store.getGeneration()).toBeGreaterThan(duringLogout);
});

test('B25: publishes the state signed out after a logout, even if tokens were published during it', async () => {
  const { store, during } = setUp();
  during.beforeChange = () => store.publishTokens(alice);
  await store.clear();
  expect(store.snapshot()).toEqual({ status: 'signed-out' });
});

test('B25: does not publish tokens after a logout or login that were read before it', async () => {
  const { store, during } = setUp();
  during.read = () => void store.advanceGeneration();
  await store.synchronize();
  expect(store.snapshot()).toEqual({ status: 'loading' });
});

test('B25: does not publish tokens that were read during a logout', async () => {
  const { store, during } = setUp();
  during.beforeChange = () => store.synchronize();
  const statuses: string[] = [];
  store.subscribe(() => statuses.push(store.snapshot().status));
  await store.clear();
  expect(statuses).toEqual(['signed-out']);
});

test('B25: ignores tokens of an earlier login that are stored after a logout', async () => {
  const { store, getStored } = setUp(createTokens('alice', { loginStartedAt: 10 }));
  await expect(store.read()).resolves.toMatchObject({ claims: { sub: 'alice' } });
  store.recordLogout(10);
  await expect(store.read()).resolves.toBeUndefined();
  await expect(store.readStored()).resolves.toMatchObject({ claims: { sub: 'alice' } });
  const seen: unknown[] = [];
  await store.changeTokens((stored) => {
    seen.push(stored);
    return stored;
  });
  expect(seen).toEqual([undefined]);
  expect(getStored()).toBeUndefined();
});

test('B25: a logout does not end a login that began later', async () => {
  const { store } = setUp(createTokens('alice', { loginStartedAt: 11 }));
  store.recordLogout(10);
  await store.synchronize();
  expect(store.snapshot().status).toBe('signed-in');
  await expect(store.deleteEndedLogin()).resolves.toBeUndefined();
  expect(store.isLoggedOutSince(11)).toBe(false);
  expect(store.isLoggedOutSince(10)).toBe(true);
});

test('B25: a logout keeps a login that another tab began later and stored before the deletion', async () => {
  let time = 20;
  const later = createTokens('bob', { loginStartedAt: 30 });
  for (const isShown of [true, false]) {
    const { store, during, memory, getStored } = setUp(
      createTokens('alice', { loginStartedAt: 10 }),
      () => time,
    );
    await store.synchronize();
    during.beforeChange = async () => {
      time = 40;
      memory.set(key, later);
      if (isShown) await store.synchronize();
    };
    await expect(store.clear()).resolves.toBeUndefined();
    expect(getStored()).toEqual(later);
    await store.synchronize();
    expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
    time = 20;
  }
});

test('B25: the snapshot of a later login is updated although its tokens are read during a logout', async () => {
  const later = createTokens('bob', { loginStartedAt: 30 });
  let time = 20;
  const { store, during, memory } = setUp(createTokens('alice', { loginStartedAt: 10 }), () => time);
  let synchronized: Promise<void> | undefined;
  during.beforeChange = () => {
    time = 40;
    memory.set(key, later);
    synchronized = store.synchronize();
  };
  await store.clear();
  await synchronized;
  expect(store.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
});

test('B25: a logout deletes a login that began before the clock was set back', async () => {
  const early = createTokens('alice', { loginStartedAt: 1000 });
  for (const isShown of [true, false]) {
    const { store, during, getStored } = setUp(early, () => 20);
    if (isShown) during.beforeChange = () => store.synchronize();
    await expect(store.clear()).resolves.toEqual(early);
    expect(getStored()).toBeUndefined();
    expect(store.snapshot()).toEqual({ status: 'signed-out' });
    // A tab that stores it again does not sign the user in.
    expect(store.isLoggedOutSince(1000)).toBe(true);
  }
});

test('B25: records a logout with one time', async () => {
  let time = 20;
  const { store } = setUp(createTokens('alice', { loginStartedAt: 10 }), () => time++);
  const logout = store.recordLogout();
  await store.clear(logout);
  expect(store.isLoggedOutSince(logout)).toBe(true);
  expect(store.isLoggedOutSince(logout + 1)).toBe(false);
});
