import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/ports.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/next-sessions.ts';
import { startNginxCache } from '../../support/servers/nginx-cache.ts';
import { personal } from '../../support/session-rows/personal-paths.ts';

// The built application behind a shared cache that stores every cacheable response. Several users and guests request the
// same URLs in every order.

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

const users = ['alice', 'bob', undefined] as const;

/** All orders of three visitors. */
const orders = users.flatMap((a) =>
  users.filter((b) => b !== a).flatMap((b) => users.filter((c) => c !== a && c !== b).map((c) => [a, b, c])),
);

const others = (user: string | undefined) =>
  new RegExp(users.filter((each) => each && each !== user).join('|'));

test('S62: a shared cache never returns a response of one user to another user or a guest', async () => {
  test.setTimeout(120_000);
  const browsers = new Map<string | undefined, Awaited<ReturnType<NextSessions['logIn']>>>();
  for (const user of users) browsers.set(user, user ? await app.logIn(user) : app.open());
  const cached: string[] = [];
  let round = 0;
  for (const order of orders) {
    round++;
    for (const path of personal) {
      for (const user of [...order, ...order]) {
        // A separate URL for each order, so that responses of another order cannot be reused.
        const { headers, html } = await browsers.get(user)!.visit(`${path}?round=${round}`);
        const description = `${path} for ${user ?? 'a guest'} in ${order.map(String)}: ${headers['x-cache']}`;
        expect(html, description).not.toMatch(others(user));
        if (!user) continue;
        // A custom handler sets no headers on its response to a guest. The cache may store it: it contains no user.
        if (path === '/api/plain' && html === '{"user":null}') continue;
        expect(headers['cache-control'], description).toMatch(/private|no-store/);
        if (headers['x-cache'] === 'HIT') cached.push(description);
      }
    }
  }
  // The cache has stored no response to a signed-in user.
  expect(cached).toEqual([]);
});

test('logs the reason when a proxy with default buffers rejects a login', async () => {
  expect(app.output()).not.toContain('proxy_buffer_size');
  await expect(app.logIn(heavyUser)).rejects.toThrow('failed with status 502');
  await expect.poll(() => app.output()).toMatch(/countersign: a session needs .* proxy_buffer_size 16k/);
  // Other users are not affected.
  await app.logIn('alice');
});

test('the cache of this test stores cacheable responses', async () => {
  const guest = app.open();
  await guest.visit('/?cached');
  const { headers, html } = await guest.visit('/?cached');
  expect(headers['x-cache']).toBe('HIT');
  expect(html).toContain('The same page for all users');
});
