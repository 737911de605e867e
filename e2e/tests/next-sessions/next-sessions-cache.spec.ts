import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import type { HttpBrowser } from '../../support/http-browser.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/apps/next-sessions.ts';
import { startNginxCache } from '../../support/servers/proxies/nginx-cache.ts';
import { checkSharedCache, type Visitor } from '../../support/session-rows/pages/cache-rows.ts';

// The built application behind a shared cache that stores every cacheable response. `session-rows/pages/cache-rows.ts` runs the
// check of responses in development too.

let app: NextSessions;
const closing: (() => unknown)[] = [];

test.beforeAll(async () => {
  test.setTimeout(300_000);
  const [port, cachePort] = [await findFreePort(), await findFreePort()];
  const cache = await startNginxCache({ port: cachePort, upstream: `http://localhost:${port}` });
  closing.push(cache.stop);
  app = await startNextSessions({
    port,
    publicOrigin: cache.origin,
    users: [heavyUser],
    // The response of the API allows every cache to store it, unless a handler sets other headers.
    api: ({ url }, response) => response.setHeader('content-type', 'text/plain').end(`data of ${url}`),
  });
  closing.push(app.stop);
});
test.afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** A user whose tokens are larger: the identifier is part of the access token and of the ID token. */
const heavyUser = `heavy-${'x'.repeat(249)}`;

test('S62: a shared cache never returns a response of one user to another or a signed-out user', async () => {
  test.setTimeout(120_000);
  const signedOutBrowser = app.open();
  const browsers = new Map<Visitor, HttpBrowser>([
    ['alice', await app.logIn('alice')],
    ['bob', await app.logIn('bob')],
  ]);
  await checkSharedCache((user, path) => (browsers.get(user) ?? signedOutBrowser).visit(path));
});

test('logs the reason when a proxy with default buffers rejects a login', async () => {
  expect(app.output()).not.toContain('proxy_buffer_size');
  await expect(app.logIn(heavyUser)).rejects.toThrow('failed with status 502');
  await expect.poll(() => app.output()).toMatch(/countersign: a session needs .* proxy_buffer_size 16k/);
  // Other users are not affected.
  await app.logIn('alice');
});

test('the cache of this test stores cacheable responses', async () => {
  const signedOutBrowser = app.open();
  await signedOutBrowser.visit('/?cached');
  const { headers, html } = await signedOutBrowser.visit('/?cached');
  expect(headers['x-cache']).toBe('HIT');
  expect(html).toContain('The same page for all users');
});
