// @platforms node: the suite starts a Node server.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { clientSecretBasic, createClient } from '../../src/index.ts';
import { createMemorySessionStore } from '../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../src/session/backends/stores/memory-tombstone-store.ts';
import { handleNodeRequest } from '../../src/session/http/node-requests.ts';
import { createWebSessions } from '../../src/session/web-sessions.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemoryReplayStore } from '../../src/tokens/stores/replay-store.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';

// An error of other code rejects the request, is reported once, and does not end the process.

const secret = 'a secret of the tests, long enough to be one';
const leak = 'foreign-text-that-may-contain-a-cookie';

/** Values that other code may throw. */
const thrown = [
  () => new TypeError(leak),
  () => undefined,
  () => leak,
  () => ({ name: leak, code: 'EPIPE' }),
];

const closing: (() => unknown)[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
process.on('unhandledRejection', onUnhandled);
closing.push(() => process.off('unhandledRejection', onUnhandled));
afterEach(() => vi.restoreAllMocks());

type Route = 'login' | 'callback' | 'session' | 'accessToken' | 'backchannelLogout' | 'logout';

/** Functions that throw, and the routes that must fail then. Other routes respond as usual. */
const throwingFunctions: Record<
  string,
  {
    readonly kind: 'cookie' | 'stored';
    readonly failing: readonly Route[];
    /** The log also names a part of a logout that failed. */
    readonly incomplete?: readonly Route[];
  }
> = {
  'tombstones.latest': {
    kind: 'cookie',
    failing: ['session', 'accessToken', 'backchannelLogout'],
  },
  'tombstones.set': { kind: 'cookie', failing: ['backchannelLogout', 'logout'], incomplete: ['callback'] },
  'store.get': {
    kind: 'stored',
    failing: ['session', 'accessToken', 'backchannelLogout', 'callback'],
    incomplete: ['logout'],
  },
  'store.set': { kind: 'stored', failing: ['callback', 'backchannelLogout'] },
  'store.delete': { kind: 'stored', failing: ['logout'], incomplete: ['callback'] },
  'store.deleteWhere': { kind: 'stored', failing: ['backchannelLogout'] },
  'replay.claim': { kind: 'cookie', failing: ['callback', 'backchannelLogout'] },
  'replay.has': { kind: 'cookie', failing: ['callback', 'backchannelLogout'] },
  'replay.release': { kind: 'cookie', failing: [] },
  'lock.acquire': { kind: 'cookie', failing: [] },
  'lock.release': { kind: 'cookie', failing: [] },
  'successors.get': { kind: 'cookie', failing: [] },
  'successors.set': { kind: 'cookie', failing: [] },
  fetch: { kind: 'cookie', failing: ['callback', 'accessToken'], incomplete: ['logout'] },
  now: {
    kind: 'cookie',
    failing: ['login', 'callback', 'session', 'accessToken', 'backchannelLogout', 'logout'],
    incomplete: ['logout'],
  },
  onEvent: { kind: 'cookie', failing: [] },
};

async function setUp(kind: 'cookie' | 'stored', seam: string) {
  let createFailure: (() => unknown) | undefined;
  const throwIfArmed = () => {
    if (createFailure) throw createFailure();
  };
  /** The same methods. The selected one throws. */
  const wrapFunctions = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get(from, method) {
        const value: unknown = Reflect.get(from, method);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (seam === `${name}.${String(method)}`) throwIfArmed();
          return value.apply(from, args);
        };
      },
    });
  const server = await createTestAuthorizationServer();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    scope: 'openid profile email offline_access',
    retries: 0,
    fetch: async (url, init) => {
      if (seam === 'fetch') throwIfArmed();
      return server.fetch(url, init);
    },
    now: () => {
      if (seam === 'now') throwIfArmed();
      return server.clock.now();
    },
    ...(seam === 'onEvent' && { onEvent: throwIfArmed }),
  });
  const http = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const handle = async (request: Request) =>
      (await sessions.handle(request)) ?? new Response(null, { status: 404 });
    await handleNodeRequest(
      handle,
      { ...req, headers: req.headers, url: req.url, method: req.method, body },
      res,
    );
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => http.close());
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const sessions = createWebSessions(client, {
    secret,
    baseUrl: origin,
    accessTokenRoute: true,
    tombstones: wrapFunctions('tombstones', createMemoryTombstoneStore({ now: server.clock.now })),
    replay: wrapFunctions('replay', createMemoryReplayStore({ now: server.clock.now })),
    refresh: {
      lock: wrapFunctions('lock', createMemoryLock()),
      successors: wrapFunctions('successors', createMemorySuccessorStore()),
    },
    ...(kind === 'stored' && {
      store: wrapFunctions('store', createMemorySessionStore({ now: server.clock.now })),
    }),
  });
  const cookies = new Map<string, string>();
  const visit = async (path: string, form?: Record<string, string>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await send(origin + path, {
      method: form ? 'POST' : 'GET',
      headers: {
        cookie,
        origin,
        'sec-fetch-mode': path.includes('access-token') ? 'cors' : 'navigate',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: new URLSearchParams(form).toString(),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const startLogin = async () => {
    const { headers } = await visit('/auth/login');
    const { url } = await server.authorize(headers.get('location') ?? '');
    return url.pathname + url.search;
  };
  await visit(await startLogin());
  server.clock.advance(3_610);
  const authorized = await startLogin();
  const token = await server.mintLogoutToken({ aud: 'web', sub: 'bob', sid: undefined });
  const routes: Record<Route, () => Promise<Response>> = {
    login: () => visit('/auth/login'),
    callback: () => visit(authorized),
    session: () => visit('/auth/session'),
    accessToken: () => visit('/auth/access-token'),
    backchannelLogout: () => visit('/auth/backchannel-logout', { logout_token: token }),
    logout: () => visit('/auth/logout', {}),
  };
  const run = (throwing: (() => unknown) | undefined) => {
    createFailure = throwing;
  };
  return { routes, visit, arm: run };
}

const isPartOfLogout = (line: string) =>
  /^countersign: logout: (A session|The refresh token|The user) .*: \w+/.test(line);

async function readSession(visit: (path: string) => Promise<Response>): Promise<unknown> {
  const { session } = (await (await visit('/auth/session')).json()) as { session: unknown };
  return session;
}

/** `fetch` always sends the headers of a script. */
async function send(
  url: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string },
): Promise<Response> {
  const sent = request(url, { method, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const received = new Headers();
  for (const [name, values = []] of Object.entries(response.headersDistinct))
    for (const value of values) received.append(name, value);
  return new Response(await text(response), { status: response.statusCode ?? 0, headers: received });
}

test.each(Object.entries(throwingFunctions))(
  'S64: rejects the request and reports it once if %s throws',
  async (seam, { kind, failing, incomplete = [] }) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const throwing of thrown) {
      const { routes, visit, arm } = await setUp(kind, seam);
      for (const [route, ask] of Object.entries(routes)) {
        // A failure signs no user out. Only a logout does, even if the store cannot end the session.
        if (route === 'logout') expect(await readSession(visit), seam).not.toBeNull();
        log.mockClear();
        arm(throwing);
        const response = await ask();
        arm(undefined);
        const label = `${route}, ${String(throwing)}`;
        const body = await response.text();
        const logged = log.mock.calls.flat().map(String);
        const lines = logged.filter((line) => !isPartOfLogout(line));
        expect(logged.length > lines.length, `${label}: ${logged}`).toBe(incomplete.includes(route as Route));
        if (failing.includes(route as Route)) {
          expect(response.status, label).toBeGreaterThanOrEqual(400);
          expect(response.headers.get('cache-control'), label).toBe('private, no-store');
          expect(response.headers.getSetCookie().join(), label).not.toMatch(/session=[^;]/);
          expect(lines, label).toHaveLength(1);
          expect(lines[0], label).toMatch(new RegExp(`^countersign: ${route}: ${response.status} \\w+`));
        } else {
          expect(response.status, `${label}: ${lines}`).toBeLessThan(400);
          expect(lines, label).toEqual([]);
        }
        if (response.status === 503) expect(response.headers.get('retry-after'), label).toMatch(/^\d+$/);
        expect(body, label).not.toMatch(new RegExp(`${leak}|web-secret`));
        expect(logged.join(), label).not.toMatch(new RegExp(`${leak}|eyJ|web-secret`));
      }
      expect(await readSession(visit), seam).toBeNull();
    }
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  },
);
