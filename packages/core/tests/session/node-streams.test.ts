// @platforms node: the suite starts a Node server.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openNodeSession } from '../../src/session/http/node-requests.ts';
import type { RequestSession } from '../../src/session/requests/request-session.ts';
import { createMemoryLock, type RefreshLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';
import { createWebApp } from '../support/web-browser.ts';

// A Node server whose response may be sent while the session is still in use.

const closing: (() => unknown)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

interface Exchange {
  readonly requestSession: RequestSession;
  readonly save: () => void;
  readonly res: ServerResponse;
}

/** A barrier that is closed until `open` is called. `reached` resolves when a call waits at it. */
function createBarrier() {
  let open = () => {};
  let reach = () => {};
  const opening = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const pass = async () => {
    reach();
    await opening;
  };
  return { open, reached, pass };
}

/** A signed-in user with an expired access token, and barriers that delay a refresh. */
async function setUp(
  barriers: {
    beforeLock?: () => Promise<void>;
    beforeToken?: () => Promise<void>;
    /** Seconds until the access token expires. Default: it has expired. */
    expiresIn?: number;
  } = {},
) {
  const memoryLock = createMemoryLock();
  const lock: RefreshLock = {
    ...memoryLock,
    async acquire(key, options) {
      await barriers.beforeLock?.();
      return memoryLock.acquire(key, options);
    },
  };
  let now = 0;
  const app = await createWebApp(
    { refresh: { lock, successors: createMemorySuccessorStore(() => now) } },
    {
      client: {
        fetch: async (url, init) => {
          if (String(init.body).includes('refresh_token')) await barriers.beforeToken?.();
          return app.server.fetch(url, init);
        },
      },
    },
  );
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_600 - (barriers.expiresIn ?? -10));
  const cookie = browser.header();
  return {
    ...app,
    cookie,
    refreshes: () => app.server.requestsTo('token').length - 1,
    /** Uses the previous cookie after the usual lifetime of a successor. */
    async useMuchLater() {
      now += 60_000;
      return (await app.sessions.open(cookie)).getAccessToken();
    },
    /** Runs a handler of a Node server for a request with the cookie. */
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

test('S61: does not spend the refresh token inside a stream, and explains what to do', async () => {
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

test('S61: a request that waited does not spend the refresh token after its response was sent', async () => {
  const barrier = createBarrier();
  const { handle, refreshes, useMuchLater } = await setUp({ beforeLock: barrier.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = failure(requestSession.getAccessToken());
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    return pending;
  });
  expect(result).toMatchObject(wrongContext);
  expect(refreshes()).toBe(0);
  expect((await useMuchLater()).accessToken).toBeTruthy();
});

test('S61: a request that waited receives its token within the leeway after its response was sent', async () => {
  const barrier = createBarrier();
  const { handle, refreshes } = await setUp({ beforeLock: barrier.pass, expiresIn: 10 });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = requestSession.getAccessToken();
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    return [await pending, await requestSession.getAccessToken()];
  });
  expect(result).toEqual([1, 2].map(() => expect.objectContaining({ accessToken: expect.any(String) })));
  expect(Object.keys((result as object[])[0] ?? {}).sort()).toEqual([
    'accessToken',
    'expiresAt',
    'scopes',
    'tokenType',
  ]);
  expect(refreshes()).toBe(0);
});

test('S61: a stream receives the token of a refresh by another request, and does not spend the refresh token', async () => {
  const { handle, sessions, cookie, refreshes } = await setUp();
  const { result, setCookie } = await handle(async ({ requestSession, save, res }) => {
    res.write('begun');
    const expired = await failure(requestSession.getAccessToken());
    const { accessToken } = await (await sessions.open(cookie)).getAccessToken();
    const token = await requestSession.getAccessToken();
    const replaced = await failure(requestSession.getAccessToken({ forceRefresh: true }));
    save();
    res.end();
    return [expired, token.accessToken === accessToken, replaced];
  });
  expect(result).toEqual([
    expect.objectContaining(wrongContext),
    true,
    expect.objectContaining(wrongContext),
  ]);
  expect(setCookie).toEqual([]);
  expect(refreshes()).toBe(1);
});

test('S61: keeps refreshed tokens for ten minutes if the application reports that the cookie was not set', async () => {
  const { sessions, cookie, refreshes, useMuchLater } = await setUp();
  const requestSession = await sessions.open(cookie);
  await requestSession.retainTokens();
  const { accessToken } = await requestSession.getAccessToken();
  await requestSession.retainTokens();
  expect((await useMuchLater()).accessToken).toBe(accessToken);
  expect(refreshes()).toBe(1);
});

test('S61: a request that waits for the refresh of such a request refreshes itself, and sets the cookie', async () => {
  const barrier = createBarrier();
  const { handle, sessions, cookie, refreshes } = await setUp({ beforeLock: barrier.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = failure(requestSession.getAccessToken());
    await barrier.reached;
    const other = await sessions.open(cookie);
    const waits = other.getAccessToken();
    res.end('not awaited');
    // The other request has joined the first one. The result is decided behind the barrier.
    await new Promise(setImmediate);
    barrier.open();
    return [await pending, (await waits).accessToken, other.cookies.length];
  });
  expect(result).toEqual([expect.objectContaining(wrongContext), expect.any(String), 1]);
  expect(refreshes()).toBe(1);
});

test('S61: the old cookie leads to the new tokens if the response was sent during the refresh', async () => {
  const barrier = createBarrier();
  const { handle, refreshes, useMuchLater } = await setUp({ beforeToken: barrier.pass });
  const { setCookie, result } = await handle(async ({ requestSession, save, res }) => {
    const pending = requestSession.getAccessToken();
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    const { accessToken } = await pending;
    save();
    return accessToken;
  });
  expect(setCookie).toEqual([]);
  expect(refreshes()).toBe(1);
  expect((await useMuchLater()).accessToken).toBe(result);
  expect(refreshes()).toBe(1);
});

test('S61: reports a change whose cookie cannot be set any more', async () => {
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

test('S61: does not spend the refresh token after the connection was closed', async () => {
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

test('S61: does not spend the refresh token after an HTTP/2 stream was closed', async () => {
  const { sessions, cookie, refreshes } = await setUp();
  const server = createHttp2Server().listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const result = new Promise((resolve) => {
    server.on('request', async (req, res) => {
      const { requestSession } = await openNodeSession(sessions, req, res);
      res.once('close', () => resolve(failure(requestSession.getAccessToken())));
      client.destroy();
    });
  });
  client.request({ ':path': '/', cookie }).on('error', () => {});
  expect(await result).toMatchObject(wrongContext);
  expect(refreshes()).toBe(0);
});

test.each([
  ['writeHead', (res: ServerResponse) => res.writeHead(200)],
  ['flushHeaders', (res: ServerResponse) => res.flushHeaders()],
] as const)('S61: does not spend the refresh token after %s', async (_, send) => {
  const { handle, refreshes } = await setUp();
  const { result } = await handle(async ({ requestSession, res }) => {
    send(res);
    const error = await failure(requestSession.getAccessToken());
    res.end();
    return error;
  });
  expect(result).toMatchObject(wrongContext);
  expect(refreshes()).toBe(0);
});
