// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterEach, expect, test, vi } from 'vitest';
import type { SessionStore, WebAuth } from '../../../src/session/index.ts';
import { getSharedState } from '../../../src/session/shared-state.ts';
import type { WebAuthOptions } from '../../../src/session/web-auth-options.ts';
import {
  type Copy,
  createRegistration,
  createWebOptions,
  loadCopy,
  logIn,
} from '../../support/application-copies.ts';

// A framework loads the modules of an application several times in one process. All copies share one state.

const cleanups: (() => unknown)[] = [];
afterEach(() => Promise.all(cleanups.splice(0).map((close) => close())));

async function setUp() {
  const server = await createTestAuthorizationServer({
    issuer: `https://${crypto.randomUUID()}.example.test`,
    clients: [createRegistration('web'), createRegistration('shop')],
  });
  const options = createWebOptions(server);
  const copies = [await loadCopy(), await loadCopy()] as const;
  return { server, options, copies };
}

const readUser = async ({ sessions }: WebAuth, cookie: string) =>
  (await sessions.open(cookie)).session?.user.sub;

test('S37: copies share one session store in memory, although each of them creates one', async () => {
  const { server, options, copies } = await setUp();
  const stores = copies.map((copy) => copy.createMemorySessionStore());
  const [first, second] = copies.map((copy, at) =>
    copy.createWebAuth({ ...options, store: stores[at] as (typeof stores)[0] }, null),
  ) as [WebAuth, WebAuth];
  const cookie = await logIn(first, server);
  expect(await readUser(second, cookie)).toBe('alice');
  await (await second.sessions.open(cookie)).update(() => ({ theme: 'dark' }));
  expect((await first.sessions.open(cookie)).session?.data).toEqual({ theme: 'dark' });
  // A copy that is loaded later, as after an edit in development.
  const later = await loadCopy();
  const third = later.createWebAuth({ ...options, store: later.createMemorySessionStore() }, null);
  expect(await readUser(third, cookie)).toBe('alice');
  await first.sessions.startLogout(cookie);
  for (const each of [first, second, third]) expect(await readUser(each, cookie)).toBeUndefined();
  // The application may also use its store directly.
  const other = await logIn(third, server);
  expect(await stores[1]?.deleteWhere({ issuer: server.issuer, sub: 'alice' })).toBe(1);
  expect(await readUser(first, other)).toBeUndefined();
});

test.each([
  ['secret', { secret: 'b'.repeat(43) }],
  ['list of secrets', { secret: ['b'.repeat(43), 'a'.repeat(43)] }],
  ['client', { clientId: 'shop', clientSecret: 'shop-secret' }],
] as const)('S37: applications with another %s have separate stores in memory', async (_, more) => {
  const { server, options, copies } = await setUp();
  const create = (copy: Copy, changes: Partial<WebAuthOptions>) => {
    const store = copy.createMemorySessionStore();
    return { store, auth: copy.createWebAuth({ ...options, store, ...changes }, null) };
  };
  const [mine, other] = [create(copies[0], {}), create(copies[1], more)];
  const cookie = await logIn(mine.auth, server);
  expect(await other.store.deleteWhere({ issuer: server.issuer, sub: 'alice' })).toBe(0);
  expect(await readUser(mine.auth, cookie)).toBe('alice');
  await logIn(other.auth, server);
  expect(await other.store.deleteWhere({ issuer: server.issuer, sub: 'alice' })).toBe(1);
  expect(await readUser(mine.auth, cookie)).toBe('alice');
});

test.each([
  ['cookie', { cookie: { name: 'other' } }],
  ['address', { baseUrl: 'https://two.example.test' }],
  ['second address', { baseUrl: ['https://app.example.test', 'https://two.example.test'] }],
] as const)(
  'S33: a client with another %s shares the state of its application, so that a host adds none',
  async (_, more) => {
    const { server, options, copies } = await setUp();
    const [store, otherStore] = copies.map((copy) => copy.createMemorySessionStore());
    const mine = copies[0].createWebAuth({ ...options, store: store as SessionStore }, null);
    const other = copies[1].createWebAuth({ ...options, store: otherStore as SessionStore, ...more }, null);
    const cookie = await logIn(mine, server);
    await logIn(other, server);
    // The provider ends all sessions of the user at this client.
    expect(await otherStore?.deleteWhere({ issuer: server.issuer, sub: 'alice' })).toBe(2);
    expect(await readUser(mine, cookie)).toBeUndefined();
  },
);

test('S37: two applications that use one store object share it in all copies, in any order', async () => {
  const { server, options, copies } = await setUp();
  const names = ['one', 'two'] as const;
  const [first, second] = copies.map((copy) => {
    const store = copy.createMemorySessionStore();
    const create = (name: string) => copy.createWebAuth({ ...options, store, cookie: { name } }, null);
    return { store, create };
  });
  if (!first || !second) throw new Error('expected two copies');
  // Each copy uses another application first.
  const cookies = {
    one: await logIn(first.create('one'), server),
    two: await logIn(second.create('two'), server),
  };
  for (const name of names) {
    for (const copy of [first, second])
      expect(await readUser(copy.create(name), cookies[name]), name).toBe('alice');
  }
  expect(await first.store.deleteWhere({ issuer: server.issuer, sub: 'alice' })).toBe(2);
  for (const name of names) expect(await readUser(second.create(name), cookies[name])).toBeUndefined();
});

test('S37: copies share the stores and locks in memory that the application passes as options', async () => {
  const { server, options, copies } = await setUp();
  const [first, second] = copies.map((copy) =>
    copy.createWebAuth(
      {
        ...options,
        tombstones: copy.createMemoryTombstoneStore(),
        replay: copy.createMemoryReplayStore(),
        refresh: {
          lock: copy.main.createMemoryLock(),
          successors: copy.main.createMemorySuccessorStore(),
        },
      },
      null,
    ),
  ) as [WebAuth, WebAuth];
  const cookie = await logIn(first, server);
  server.clock.advance(3_590);
  const requestSessions = await Promise.all([first, second].map(({ sessions }) => sessions.open(cookie)));
  const tokens = await Promise.all(requestSessions.map((session) => session.getAccessToken()));
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(server.requestsTo('token')).toHaveLength(2);
  await second.sessions.startLogout(cookie);
  expect(await readUser(first, cookie)).toBeUndefined();
});

test('S37: copies share the lock of this process while the shared lock and store are unavailable', async () => {
  const { server, options, copies } = await setUp();
  const fail = () => Promise.reject(new Error('unavailable'));
  const [first, second] = copies.map((copy) =>
    copy.createWebAuth(
      {
        ...options,
        refresh: { lock: { acquire: fail, release: fail }, successors: { get: fail, set: fail } },
      },
      null,
    ),
  ) as [WebAuth, WebAuth];
  const cookie = await logIn(first, server);
  server.clock.advance(3_590);
  const requestSessions = await Promise.all([first, second].map(({ sessions }) => sessions.open(cookie)));
  const tokens = await Promise.all(requestSessions.map((session) => session.getAccessToken()));
  const late = await (await second.sessions.open(cookie)).getAccessToken();
  expect(new Set([...tokens, late].map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('S37: copies share the pause that the provider requests, and the record of failed logins', async () => {
  const { server, options, copies } = await setUp();
  const [first, second] = copies.map((copy) => copy.createWebAuth(options, null)) as [WebAuth, WebAuth];
  const cookie = await logIn(first, server);
  server.clock.advance(3_610);
  server.fail('token', { status: 429, headers: { 'retry-after': '30' } });
  for (const { sessions } of [first, second]) {
    await expect((await sessions.open(cookie)).getAccessToken()).rejects.toMatchObject({
      code: 'rate_limited',
    });
  }
  expect(server.requestsTo('token')).toHaveLength(2);

  server.signIn('alice');
  const { url, cookies } = await first.sessions.startLogin('');
  const loginCookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const authorization = await server.authorize(url);
  const state = new URL(authorization.url).searchParams.get('state') ?? '';
  const visit = ({ sessions }: WebAuth, address: string | URL) =>
    sessions.handle(new Request(address, { headers: { cookie: loginCookie } }));
  // The login fails in one copy. Its response with a code comes to the other one.
  const failing = new URLSearchParams({ error: 'access_denied', state, iss: server.issuer });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect((await visit(first, `https://app.example.test/auth/callback?${failing}`))?.status).toBe(403);
  const count = server.requestsTo('token').length;
  const response = await visit(second, authorization.url);
  expect(response?.headers.getSetCookie().join()).not.toMatch(/__Host-session=[^;]/);
  expect(server.requestsTo('token')).toHaveLength(count);
});

test('copies share the metadata of the provider, except with a separate fetch function', async () => {
  const { server, options, copies } = await setUp();
  const requestedUrls: string[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    requestedUrls.push(String(url));
    return server.fetch(url, init);
  });
  cleanups.push(() => vi.unstubAllGlobals());
  const { fetch: separateFetch, now, ...commonOptions } = options;
  for (const copy of copies) await copy.createWebAuth(commonOptions, null).sessions.startLogin('');
  expect(requestedUrls).toHaveLength(1);
  await copies[1].createWebAuth({ ...commonOptions, fetch: separateFetch }, null).sessions.startLogin('');
  expect(server.requestsTo('discovery')).toHaveLength(2);
});

test('S37: copies share decrypted sessions', async () => {
  const { server, options, copies } = await setUp();
  const [first, second] = copies.map((copy) => copy.createWebAuth(options, null)) as [WebAuth, WebAuth];
  const cookie = await logIn(first, server);
  await readUser(first, cookie);
  await readUser(second, cookie);
  expect(second.sessions.getCacheStatistics()).toMatchObject({ hits: 1, misses: 0 });
});

const registryKey = Symbol.for('countersign.session');
const readRegistry = () => (globalThis as Record<symbol, Map<string, unknown>>)[registryKey];

test('an application that is created again adds no state', () => {
  const identity = {
    issuer: `https://${crypto.randomUUID()}.example.test`,
    clientId: 'web',
    secrets: ['a'.repeat(43)],
  };
  const state = getSharedState(identity, { isRecording: true });
  const size = readRegistry()?.size;
  for (let edits = 0; edits < 100; edits++)
    expect(getSharedState({ ...identity }, { isRecording: true })).toBe(state);
  expect(readRegistry()?.size).toBe(size);
  // The key of a global object must not contain a secret.
  expect([...(readRegistry()?.keys() ?? [])].join()).not.toContain('a'.repeat(8));
});

const identity = (at: number) => ({
  issuer: 'https://login.example.test',
  clientId: `client-${at}`,
  secrets: ['a'.repeat(43)],
});

test('evicts the least recently used state of applications with external stores', () => {
  readRegistry()?.clear();
  const options = { isRecording: false };
  const usedState = getSharedState(identity(0), options);
  for (let at = 1; at <= 2_001; at++) {
    getSharedState(identity(at), options);
    if (at % 200 === 0) expect(getSharedState(identity(0), options)).toBe(usedState);
  }
  expect(readRegistry()?.size).toBe(2_000);
  readRegistry()?.clear();
});

test('S33: rejects an application beyond the limit instead of evicting records', () => {
  readRegistry()?.clear();
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const other = getSharedState(identity(-1), { isRecording: false });
  const states = Array.from({ length: 2_000 }, (_, at) =>
    getSharedState(identity(at), { isRecording: true }),
  );
  for (const at of [2_000, 2_001, -1]) {
    expect(() => getSharedState(identity(at), { isRecording: true })).toThrow(
      expect.objectContaining({ code: 'too_many_applications' }),
    );
  }
  expect(log).toHaveBeenCalledTimes(1);
  for (const at of [0, 999, 1_999])
    expect(getSharedState(identity(at), { isRecording: true })).toBe(states[at]);
  // Applications without records in memory are still accepted, and evict only each other.
  for (let at = 3_000; at < 5_001; at++) getSharedState(identity(at), { isRecording: false });
  expect(getSharedState(identity(-1), { isRecording: false })).not.toBe(other);
  expect(readRegistry()?.size).toBe(4_000);
  readRegistry()?.clear();
  log.mockRestore();
});
