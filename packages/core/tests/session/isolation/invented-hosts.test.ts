// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { generateDpopKeyPair } from '../../../src/index.ts';
import { createWebAuthResolver } from '../../../src/session/adapter.ts';
import {
  createMemoryReplayStore,
  createMemorySessionStore,
  createMemoryTombstoneStore,
  type WebAuthOptions,
  type WebSessions,
} from '../../../src/session/index.ts';

// A client can send any Host header. The options of an application may be a function that accepts all hosts of a wildcard.

const inventedHosts = 10_000;
/** Exceeds the count of hosts that a resolver caches, and that of applications whose state is stored. */
const fewerHosts = 2_500;
const host = 'acme.tenants.test';

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  (globalThis as Record<symbol, unknown>)[Symbol.for('countersign.session')] = undefined;
  (globalThis as Record<symbol, unknown>)[Symbol.for('countersign.session.notices')] = undefined;
});

const readCookies = (response: Response | undefined) =>
  (response?.headers.getSetCookie() ?? [])
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';')[0])
    .join('; ');

/** @param more options that the function adds for a host; a new object for each call */
async function setUp(
  more: (host: string, server: TestAuthorizationServer) => Partial<WebAuthOptions> = () => ({}),
) {
  const server = await createTestAuthorizationServer({
    issuer: `https://${crypto.randomUUID()}.example.test`,
  });
  const fetch = (url: string, init: RequestInit) => server.fetch(url, init);
  const resolve = createWebAuthResolver((name) =>
    name.endsWith('.tenants.test')
      ? {
          issuer: server.issuer,
          clientId: 'web',
          clientSecret: 'web-secret',
          secret: 's'.repeat(43),
          baseUrl: `https://${name}`,
          environment: {},
          now: server.clock.now,
          fetch,
          ...more(name, server),
        }
      : undefined,
  );
  const at = (name = host): WebSessions => resolve(new Headers({ host: name })).sessions;
  const post = (path: string, body: Record<string, string>) =>
    at().handle(new Request(`https://${host}${path}`, { method: 'POST', body: new URLSearchParams(body) }));
  return {
    server,
    at,
    /** Sends each host twice, because a host of a first request evicts only other such hosts. */
    inventHosts(count = inventedHosts) {
      for (let index = 0; index < count; index++) {
        at(`h${index}.tenants.test`);
        at(`h${index}.tenants.test`);
      }
    },
    async startLogin() {
      const response = await at().handle(new Request(`https://${host}/auth/login`));
      const { url } = await server.authorize(response?.headers.get('location') ?? '');
      const cookie = readCookies(response);
      return { complete: () => at().handle(new Request(url, { headers: { cookie } })) };
    },
    sendLogoutToken: async (token: string) =>
      (await post('/auth/backchannel-logout', { logout_token: token }))?.status,
    readUser: async (cookie: string) => (await at().open(cookie)).session?.user.sub,
  };
}

type ProviderMetadata = NonNullable<WebAuthOptions['metadata']>;

const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('=', '');
let forgedKeys = 0;

/** Sends a logout token with an unknown key to a host. */
function sendForgedLogoutToken(at: (name: string) => WebSessions, name: string) {
  const header = encode({ alg: 'RS256', typ: 'logout+jwt', kid: `forged-${forgedKeys++}` });
  const body = new URLSearchParams({ logout_token: `${header}.${encode({})}.${'A'.repeat(342)}` });
  return at(name).handle(new Request(`https://${name}/auth/backchannel-logout`, { method: 'POST', body }));
}

const variants: readonly [string, (host: string) => Partial<WebAuthOptions>][] = [
  ['the default stores', () => ({})],
  [
    'stores in memory of each host',
    () => ({ tombstones: createMemoryTombstoneStore(), replay: createMemoryReplayStore() }),
  ],
  ['a session store in memory of each host', () => ({ store: createMemorySessionStore() })],
  ['cookie names of each host', (name) => ({ cookie: { name: name.split('.')[0] ?? '' } })],
  ['several addresses of each host', (name) => ({ baseUrl: [`https://${name}`, `https://www.${name}`] })],
];

test.each(variants)(
  'S33: with %s, 10,000 invented hosts do not restore a logged-out session',
  async (_, more) => {
    const { at, startLogin, inventHosts, readUser } = await setUp(more);
    const cookie = readCookies(await (await startLogin()).complete());
    expect(await readUser(cookie)).toBe('alice');
    await at().startLogout(cookie);
    inventHosts();
    expect(await readUser(cookie)).toBeUndefined();
  },
);

test.each(variants)(
  'S13: with %s, a used logout token stays rejected after 2,500 invented hosts',
  async (_, more) => {
    const { server, startLogin, sendLogoutToken, inventHosts, readUser } = await setUp(more);
    const token = await server.mintLogoutToken({ aud: 'web', sub: 'alice' });
    const first = readCookies(await (await startLogin()).complete());
    expect(await sendLogoutToken(token)).toBe(200);
    server.clock.advance(2);
    const second = readCookies(await (await startLogin()).complete());
    inventHosts(fewerHosts);
    expect(await sendLogoutToken(token)).toBe(400);
    expect(await readUser(first)).toBeUndefined();
    expect(await readUser(second)).toBe('alice');
  },
);

test.each(variants)('S33: with %s, 2,500 invented hosts do not end a session', async (_, more) => {
  const { startLogin, inventHosts, readUser } = await setUp(more);
  const cookie = readCookies(await (await startLogin()).complete());
  inventHosts(fewerHosts);
  expect(await readUser(cookie)).toBe('alice');
});

test('S33: a used authorization response stays rejected after 2,500 invented hosts', async () => {
  const { server, startLogin, inventHosts } = await setUp();
  const { complete } = await startLogin();
  expect(readCookies(await complete())).toContain('__Host-session=');
  inventHosts(fewerHosts);
  expect(readCookies(await complete())).not.toContain('__Host-session=');
  expect(server.requestsTo('token')).toHaveLength(1);
});

const separateOptions: readonly [string, (server: TestAuthorizationServer) => Partial<WebAuthOptions>][] = [
  ['one fetch function', () => ({})],
  [
    'a fetch function and a clock of each host',
    ({ fetch, clock }) => ({ fetch: (url, init) => fetch(url, init), now: () => clock.now() }),
  ],
  ['static metadata of each host', ({ metadata }) => ({ metadata: { ...metadata } as ProviderMetadata })],
];

test.each(separateOptions)(
  'S33: with %s, 200 invented hosts cause the requests of one client',
  async (name, more) => {
    const { server, at } = await setUp((_, provider) => more(provider));
    server.clock.stop();
    for (let index = 0; index < 200; index++) await at(`h${index}.tenants.test`).startLogin('');
    expect(server.requestsTo('discovery')).toHaveLength(name.startsWith('static') ? 0 : 1);
    for (let index = 0; index < 30; index++) await sendForgedLogoutToken(at, `h${index}.tenants.test`);
    expect(server.requestsTo('jwks')).toHaveLength(6);
  },
);

test('S33: with a DPoP key of each host, invented hosts cause no request to the provider', async () => {
  const pairs = await Promise.all(Array.from({ length: 3 }, () => generateDpopKeyPair()));
  const { server, at } = await setUp((name) => ({
    dpop: { keyPair: pairs[Number(name[1])] as (typeof pairs)[number] },
  }));
  const thumbprints = new Set<string | null>();
  for (let index = 0; index < 30; index++) {
    const { url } = await at(`h${index % 3}.h${index}.tenants.test`).startLogin('');
    thumbprints.add(new URL(url).searchParams.get('dpop_jkt'));
  }
  expect(server.requestsTo('discovery')).toHaveLength(1);
  // Each client binds its tokens to its own key.
  expect(thumbprints.size).toBe(3);
});

test('S33: with an address of metadata for each host, no host receives the metadata of another', async () => {
  const { server, at } = await setUp((name, { issuer }) => ({
    metadataUrl: `${issuer}/.well-known/openid-configuration?${name}`,
  }));
  for (let index = 0; index < 6; index++) await at(`h${index % 3}.tenants.test`).startLogin('');
  const queries = server.requestsTo('discovery').map(({ query }) => Object.keys(query)[0]);
  expect(queries).toEqual(['h0', 'h1', 'h2'].map((name) => `${name}.tenants.test`));
});

test('S33: with an address of keys for each host, rejects hosts beyond the limit and keeps known ones', async () => {
  const { server, at } = await setUp((name, { issuer, metadata }) => ({
    metadata: { ...metadata, issuer, jwks_uri: `${metadata.jwks_uri}?${name}` },
  }));
  server.clock.stop();
  const rejections: unknown[] = [];
  for (let index = 0; index < 40; index++) {
    const name = `h${index}.tenants.test`;
    try {
      for (let count = 0; count < 7; count++) await sendForgedLogoutToken(at, name);
    } catch (error) {
      rejections.push(error);
    }
  }
  expect(rejections).toHaveLength(20);
  expect(new Set(rejections.map((error) => (error as Error).message))).toEqual(
    new Set([expect.stringContaining('jwks_uri')]),
  );
  expect(server.requestsTo('jwks')).toHaveLength(20 * 6);
  expect(at('h7.tenants.test').origin).toBe('https://h7.tenants.test');
});

test('S33: a session whose logout failed stays rejected after 2,500 invented hosts', async () => {
  const records = createMemoryTombstoneStore();
  let isFull = false;
  const tombstones = {
    set: (...values: Parameters<typeof records.set>) =>
      isFull ? Promise.reject(new Error('full')) : records.set(...values),
    latest: (keys: readonly string[]) => records.latest(keys),
  };
  const { at, startLogin, inventHosts, readUser } = await setUp(() => ({ tombstones }));
  const cookie = readCookies(await (await startLogin()).complete());
  isFull = true;
  expect((await at().startLogout(cookie)).failure).toMatchObject({ code: 'store_unavailable' });
  inventHosts(fewerHosts);
  expect(await readUser(cookie)).toBeUndefined();
});

const perHost: readonly [string, (host: string) => Partial<WebAuthOptions>][] = [
  ['client', (name) => (name === host ? {} : { clientId: name })],
  ['secret', (name) => (name === host ? {} : { secret: name.padEnd(43, '.') })],
  ['issuer', (name) => (name === host ? {} : { issuer: `https://${name}` })],
];

test.each(perHost)(
  'S33: with a separate %s for each host, rejects hosts beyond the limit and keeps known ones',
  async (_, more) => {
    const { at, startLogin, inventHosts, readUser } = await setUp(more);
    const cookie = readCookies(await (await startLogin()).complete());
    await at().startLogout(cookie);
    inventHosts(1_999);
    for (const name of ['x1.tenants.test', 'x2.tenants.test']) {
      expect(() => at(name)).toThrow(expect.objectContaining({ code: 'too_many_applications' }));
    }
    expect(at('h7.tenants.test').origin).toBe('https://h7.tenants.test');
    expect(await readUser(cookie)).toBeUndefined();
    expect(readCookies(await (await startLogin()).complete())).toContain('__Host-session=');
    expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringMatching(/2,?000/)]]);
  },
);

test('does not limit hosts with external stores, because they add no records to the memory of the process', async () => {
  const external = () => {
    const [tombstones, replay] = [createMemoryTombstoneStore(), createMemoryReplayStore()];
    return {
      tombstones: { set: tombstones.set, latest: tombstones.latest },
      replay: { claim: replay.claim, has: replay.has },
    };
  };
  const { at, inventHosts } = await setUp((name) => ({ clientId: name, ...external() }));
  inventHosts(2_500);
  expect(at('new.tenants.test').origin).toBe('https://new.tenants.test');
});
