// @platforms node: the suite starts a Node server.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openNodeSession } from '../../src/session/http/node-requests.ts';
import type { RequestSession } from '../../src/session/request-session.ts';
import { createMemoryLock, type RefreshLock } from '../../src/tokens/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/successor.ts';
import { createWebApp } from '../support/web-browser.ts';

// A server of Node, whose response may be sent while the session is still in use.

const closing: (() => unknown)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

interface Exchange {
  readonly requestSession: RequestSession;
  readonly save: () => void;
  readonly res: ServerResponse;
}

/** A gate that is closed until it is requestSession; `reached` settles when somebody waits at it. */
function createGate() {
  let open = () => {};
  let reach = () => {};
  const requestSession = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const pass = async () => {
    reach();
    await requestSession;
  };
  return { open, reached, pass };
}

/** A signed-in user whose access token has ended, and what may hold a refresh up. */
async function setUp(gates: { beforeLock?: () => Promise<void>; beforeToken?: () => Promise<void> } = {}) {
  const memoryLock = createMemoryLock();
  const lock: RefreshLock = {
    ...memoryLock,
    async acquire(key, options) {
      await gates.beforeLock?.();
      return memoryLock.acquire(key, options);
    },
  };
  let now = 0;
  const app = await createWebApp(
    { refresh: { lock, successors: createMemorySuccessorStore(() => now) } },
    {
      client: {
        fetch: async (url, init) => {
          if (String(init.body).includes('refresh_token')) await gates.beforeToken?.();
          return app.server.fetch(url, init);
        },
      },
    },
  );
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_610);
  const cookie = browser.header();
  return {
    ...app,
    cookie,
    refreshes: () => app.server.requestsTo('token').length - 1,
    /** What the cookie of before is good for when successors have usually been forgotten. */
    async useMuchLater() {
      now += 60_000;
      return (await app.sessions.open(cookie)).getAccessToken();
    },
    /** Runs a handler of a real server for a request with the cookie. */
    handle: (handler: (exchange: Exchange) => Promise<unknown>) =>
      serve(async (req, res) => {
        const { requestSession, save } = await openNodeSession(app.sessions, req, res);
        return handler({ requestSession, save, res });
      }, cookie),
  };
}

async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>,
  cookie: string,
): Promise<{ readonly text: string; readonly setCookie: readonly string[]; readonly result: unknown }> {
  let result: Promise<unknown> = Promise.resolve();
  const server = createServer((req, res) => {
    result = handler(req, res);
    result.catch(() => res.destroy());
  }).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    headers: { cookie },
  });
  return {
    text: await response.text(),
    setCookie: response.headers.getSetCookie(),
    result: await result,
  };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const wrongContext = { name: 'ConfigurationError', code: 'wrong_context' };

test('S61: inside a stream the refresh token is not spent, and the error says what to do', async () => {
  const { handle, refreshes, useMuchLater } = await setUp();
  const { text, result } = await handle(async ({ requestSession, res }) => {
    res.write('begun ');
    const errors = [
      await failure(requestSession.getAccessToken()),
      await failure(requestSession.getAccessToken({ forceRefresh: true })),
      await failure(requestSession.update(() => ({ a: 1 }))),
    ];
    res.end('ended');
    return errors;
  });
  expect(text).toBe('begun ended');
  expect(result).toEqual([1, 2, 3].map(() => expect.objectContaining(wrongContext)));
  expect(String((result as unknown[])[0])).toContain('Call getAccessToken() before you return the response');
  expect(refreshes()).toBe(0);
  expect((await useMuchLater()).accessToken).toBeTruthy();
});

test('S61: a request that waited, and whose response was sent meanwhile, does not spend the refresh token', async () => {
  const gate = createGate();
  const { handle, refreshes, useMuchLater } = await setUp({ beforeLock: gate.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = failure(requestSession.getAccessToken());
    await gate.reached;
    res.end('not awaited');
    gate.open();
    return pending;
  });
  expect(result).toMatchObject(wrongContext);
  expect(refreshes()).toBe(0);
  expect((await useMuchLater()).accessToken).toBeTruthy();
});

test('S61: who waits for the refresh of such a request refreshes on its own, and gets the cookie', async () => {
  const gate = createGate();
  const { handle, sessions, cookie, refreshes } = await setUp({ beforeLock: gate.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = failure(requestSession.getAccessToken());
    await gate.reached;
    const other = await sessions.open(cookie);
    const waits = other.getAccessToken();
    res.end('not awaited');
    // The other request has joined the first one: what it waits for is decided behind the gate.
    await new Promise(setImmediate);
    gate.open();
    return [await pending, (await waits).accessToken, other.cookies.length];
  });
  expect(result).toEqual([expect.objectContaining(wrongContext), expect.any(String), 1]);
  expect(refreshes()).toBe(1);
});

test('S61: a response that is sent during a refresh costs no session: the old cookie leads to the new tokens', async () => {
  const gate = createGate();
  const { handle, refreshes, useMuchLater } = await setUp({ beforeToken: gate.pass });
  const { setCookie, result } = await handle(async ({ requestSession, save, res }) => {
    const pending = requestSession.getAccessToken();
    await gate.reached;
    res.end('not awaited');
    gate.open();
    const { accessToken } = await pending;
    save();
    return accessToken;
  });
  expect(setCookie).toEqual([]);
  expect(refreshes()).toBe(1);
  expect((await useMuchLater()).accessToken).toBe(result);
  expect(refreshes()).toBe(1);
});

test('S61: a change that the response no longer carries is an error, and not lost in silence', async () => {
  const { handle } = await setUp();
  const { result } = await handle(async ({ requestSession, res }) =>
    failure(
      requestSession.update(() => {
        res.end('sent');
        return { a: 1 };
      }),
    ),
  );
  expect(result).toMatchObject(wrongContext);
});

test('S61: for a browser that has gone nothing is spent', async () => {
  const { sessions, cookie, refreshes } = await setUp();
  const result = await new Promise((resolve, reject) => {
    const server = createServer(async (req, res) => {
      const { requestSession } = await openNodeSession(sessions, req, res);
      res.once('close', () => resolve(failure(requestSession.getAccessToken())));
      sent.destroy();
    }).listen(0, '127.0.0.1');
    closing.push(() => server.close());
    let sent: ReturnType<typeof request>;
    server.once('listening', () => {
      const { port } = server.address() as AddressInfo;
      sent = request({ port, host: '127.0.0.1', headers: { cookie } });
      sent.on('error', () => {});
      sent.end();
    });
    server.once('error', reject);
  });
  expect(result).toMatchObject(wrongContext);
  expect(refreshes()).toBe(0);
});
