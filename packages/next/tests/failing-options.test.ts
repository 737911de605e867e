import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, type Mock, test, vi } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import { baseUrl, createProxyRequest } from './support/app.ts';
import { runInNext } from './support/run-in-next.ts';

// The function that returns the options of a host throws.

const message = 'text of the application';
const auth = createAuth(() => {
  throw new TypeError(message);
});

let log: Mock;
beforeEach(() => {
  log = vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** Expects status 500, and one line in the log, without the text of the exception. */
async function expectFailure(response: Response, route: 'proxy' | 'handler'): Promise<void> {
  expect(response.status).toBe(500);
  expect(response.headers.get('x-middleware-next')).toBeNull();
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(await response.text()).not.toContain(message);
  expect(log).toHaveBeenCalledTimes(1);
  const line = String(log.mock.lastCall?.[0]);
  expect(line.startsWith(`countersign: ${route}: 500 unexpected_error: TypeError`)).toBe(true);
  expect(line).not.toContain(message);
  log.mockClear();
}

test('S64: the proxy denies access to all paths', async () => {
  for (const path of ['/', '/dashboard', '/auth/login'])
    for (const options of [{}, { protect: ['/dashboard'] }])
      await expectFailure(await auth.proxy(createProxyRequest(path), options), 'proxy');
});

test('S64: the routes respond with 500', async () => {
  for (const path of ['/auth/login', '/auth/callback?code=c&state=s', '/auth/session', '/auth/access-token'])
    await expectFailure(await auth.handlers.GET(new Request(baseUrl + path)), 'handler');
  for (const path of ['/auth/logout', '/auth/backchannel-logout'])
    await expectFailure(await auth.handlers.POST(new Request(baseUrl + path, { method: 'POST' })), 'handler');
});

test('S64: the API route of the Pages Router responds with 500, and responds to the next request', async () => {
  const server = createServer((request, response) => void auth.apiHandler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  for (let sent = 0; sent < 2; sent++)
    await expectFailure(await fetch(`http://127.0.0.1:${port}/auth/login`), 'handler');
  await new Promise((resolve) => server.close(resolve));
});

test('S64: no protected page, action or handler runs, and no helper returns a session', async () => {
  const run = vi.fn(async () => new Response('ran'));
  const page = auth.protected.page(run);
  const action = auth.protected.action(run);
  const handler = auth.protected.handler(run);
  const calls: readonly (() => Promise<unknown>)[] = [
    () => page({}),
    () => action(),
    () => handler(new Request(baseUrl), {}),
    () => auth.getSession(),
    () => auth.requireSession(),
    () => auth.requireScopes('openid'),
    () => auth.getAccessToken(),
    () => auth.updateSession((data) => data),
  ];
  for (const phase of ['render', 'action'] as const)
    for (const call of calls)
      await expect(
        runInNext<unknown>({ cookie: 'session=x', phase }, call),
        String(call),
      ).rejects.toBeInstanceOf(TypeError);
  expect(run).not.toHaveBeenCalled();
});
