// @platforms node: the suite starts a Node server.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clientSecretBasic, createClient } from '../../src/index.ts';
import { createMemorySessionStore } from '../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../src/session/backends/stores/memory-tombstone-store.ts';
import { handleNodeRequest } from '../../src/session/http/node-requests.ts';
import { createWebSessions } from '../../src/session/web-sessions.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemoryReplayStore } from '../../src/tokens/stores/replay-store.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';

// An exception of other code rejects the request, is reported once, and does not end the process.

const secret = 'a secret for tests with more than 32 characters';
const leak = 'foreign-text-that-may-contain-a-cookie';

/** Values that other code may throw. */
const createThrownValues = [
  () => new TypeError(leak),
  () => undefined,
  () => leak,
  () => ({ name: leak, code: 'EPIPE' }),
];

const cleanups: (() => unknown)[] = [];
const unhandledReasons: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandledReasons.push(reason);
process.on('unhandledRejection', onUnhandled);
cleanups.push(() => process.off('unhandledRejection', onUnhandled));
// The limit of the console for lines of one kind recovers between the tests.
let time = Date.now();
beforeEach(() => {
  time += 200_000;
  vi.setSystemTime(time);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Route = 'login' | 'callback' | 'session' | 'accessToken' | 'backchannelLogout' | 'logout';

/** Functions that throw, and the routes that then fail. All other routes succeed. */
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
  const throwFailure = () => {
    if (createFailure) throw createFailure();
  };
  /** Returns the target with the same methods. The method that `seam` names throws. */
  const wrapFunctions = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get(from, method) {
        const value: unknown = Reflect.get(from, method);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (seam === `${name}.${String(method)}`) throwFailure();
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
      if (seam === 'fetch') throwFailure();
      return server.fetch(url, init);
    },
    now: () => {
      if (seam === 'now') throwFailure();
      return server.clock.now();
    },
    ...(seam === 'onEvent' && { onEvent: throwFailure }),
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
  cleanups.push(() => http.close());
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
  const callbackPath = await startLogin();
  const token = await server.mintLogoutToken({ aud: 'web', sub: 'bob', sid: undefined });
  const routes: Record<Route, () => Promise<Response>> = {
    login: () => visit('/auth/login'),
    callback: () => visit(callbackPath),
    session: () => visit('/auth/session'),
    accessToken: () => visit('/auth/access-token'),
    backchannelLogout: () => visit('/auth/backchannel-logout', { logout_token: token }),
    logout: () => visit('/auth/logout', {}),
  };
  const setFailure = (create: (() => unknown) | undefined) => {
    createFailure = create;
  };
  return { routes, visit, setFailure };
}

const isPartOfLogout = (line: string) =>
  /^countersign: logout: (A session|The refresh token|The user) .*: \w+/.test(line);

async function readSession(visit: (path: string) => Promise<Response>): Promise<unknown> {
  const { session } = (await (await visit('/auth/session')).json()) as { session: unknown };
  return session;
}

/** Sends a request without `fetch`, which always adds the headers of a script. */
async function send(
  url: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string },
): Promise<Response> {
  const clientRequest = request(url, { method, headers });
  clientRequest.end(body);
  const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
  const responseHeaders = new Headers();
  for (const [name, values = []] of Object.entries(response.headersDistinct))
    for (const value of values) responseHeaders.append(name, value);
  return new Response(await text(response), { status: response.statusCode ?? 0, headers: responseHeaders });
}

test.each(Object.entries(throwingFunctions))(
  'S64: rejects the request and reports it once if %s throws',
  async (seam, { kind, failing, incomplete = [] }) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const createThrownValue of createThrownValues) {
      const { routes, visit, setFailure } = await setUp(kind, seam);
      for (const [route, sendRequest] of Object.entries(routes)) {
        // A failure signs no user out. A logout does, even if the store cannot end the session.
        if (route === 'logout') expect(await readSession(visit), seam).not.toBeNull();
        log.mockClear();
        setFailure(createThrownValue);
        const response = await sendRequest();
        setFailure(undefined);
        const label = `${route}, ${String(createThrownValue)}`;
        const body = await response.text();
        const outputLines = log.mock.calls.flat().map(String);
        const lines = outputLines.filter((line) => !isPartOfLogout(line));
        expect(outputLines.length > lines.length, `${label}: ${outputLines}`).toBe(
          incomplete.includes(route as Route),
        );
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
        expect(outputLines.join(), label).not.toMatch(new RegExp(`${leak}|eyJ|web-secret`));
      }
      expect(await readSession(visit), seam).toBeNull();
    }
    await new Promise(setImmediate);
    expect(unhandledReasons).toEqual([]);
  },
);
