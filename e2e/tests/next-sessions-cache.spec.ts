import { expect, test } from '@playwright/test';
import { findFreePort } from '../../scripts/lib/ports.ts';
import { type NextSessions, startNextSessions } from '../support/next-sessions.ts';
import { startNginxCache } from '../support/nginx-cache.ts';

// A shared cache that keeps whatever it may keep stands in front of the built application. Several users and strangers
// ask for the same addresses in every order.

let app: NextSessions;
const closing: (() => unknown)[] = [];

test.beforeAll(async () => {
  test.setTimeout(300_000);
  const [port, cachePort] = [await findFreePort(), await findFreePort()];
  const cache = await startNginxCache({ port: cachePort, upstream: `http://localhost:${port}` });
  closing.push(cache.stop);
  app = await startNextSessions({ port, publicOrigin: cache.origin });
  closing.push(app.stop);
});
test.afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** Paths whose answers depend on the user, and what is shown of the user. */
const personal = [
  '/items',
  '/api/plain',
  '/api/protected',
  '/api/uncovered/protected',
  '/api/uncovered/own',
  '/api/pages/me',
  '/auth/session',
  '/auth/access-token',
  '/auth/unknown',
  '/auth/logout',
];

const users = ['alice', 'bob', undefined] as const;

/** Every order of three visitors. */
const orders = users.flatMap((a) =>
  users.filter((b) => b !== a).flatMap((b) => users.filter((c) => c !== a && c !== b).map((c) => [a, b, c])),
);

const others = (user: string | undefined) =>
  new RegExp(users.filter((each) => each && each !== user).join('|'));

test('S62: a shared cache never gives one user what belongs to another, nor to a stranger', async () => {
  test.setTimeout(120_000);
  const browsers = new Map<string | undefined, Awaited<ReturnType<NextSessions['logIn']>>>();
  for (const user of users) browsers.set(user, user ? await app.logIn(user) : app.open());
  const kept: string[] = [];
  let round = 0;
  for (const order of orders) {
    round++;
    for (const path of personal) {
      for (const user of [...order, ...order]) {
        // An address of its own for each order: what was kept in another order proves nothing about this one.
        const { headers, html } = await browsers.get(user)!.visit(`${path}?round=${round}`);
        const what = `${path} for ${user ?? 'a stranger'} in ${order.map(String)}: ${headers['x-cache']}`;
        expect(html, what).not.toMatch(others(user));
        if (!user) continue;
        // A handler of its own sets no headers on its answer to a stranger; that answer may be kept, and shows nobody.
        if (path === '/api/plain' && html === '{"user":null}') continue;
        expect(headers['cache-control'], what).toMatch(/private|no-store/);
        if (headers['x-cache'] === 'HIT') kept.push(what);
      }
    }
  }
  // Where no answer may be kept, the cache has kept none for a signed-in user.
  expect(kept).toEqual([]);
});

test('the cache of this test keeps what it may keep', async () => {
  const stranger = app.open();
  await stranger.visit('/?kept');
  const { headers, html } = await stranger.visit('/?kept');
  expect(headers['x-cache']).toBe('HIT');
  expect(html).toContain('The same for everybody');
});
