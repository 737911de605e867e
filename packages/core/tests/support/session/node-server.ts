import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openNodeSession } from '../../../src/session/http/node-requests.ts';
import type { RequestSession } from '../../../src/session/requests/request-session.ts';
import { createMemoryLock, type RefreshLock } from '../../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../../src/tokens/stores/successor-store.ts';
import { createWebApp } from '../web-browser.ts';

// The handlers of the server use the session while the response may be sent.

export const cleanups: (() => unknown)[] = [];

export interface Exchange {
  readonly requestSession: RequestSession;
  readonly save: () => void;
  readonly res: ServerResponse;
}

/** Creates a barrier at which calls wait until `open` is called. `reached` resolves when a call waits. */
export function createBarrier() {
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

/** Logs a user in until the access token has expired. Barriers delay a refresh. */
export async function setUp(
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
    countRefreshes: () => app.server.requestsTo('token').length - 1,
    /** Uses the previous cookie after the usual lifetime of a successor. */
    async useAfterSuccessorLifetime() {
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

export async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>,
  cookie: string,
): Promise<{ readonly text: string; readonly setCookie: readonly string[]; readonly result: unknown }> {
  let result: Promise<unknown> = Promise.resolve();
  const server = createServer((req, res) => {
    result = handler(req, res);
    result.catch(() => res.destroy());
  }).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
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

export const catchError = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

export const wrongContext = { name: 'ConfigurationError', code: 'wrong_context' };
