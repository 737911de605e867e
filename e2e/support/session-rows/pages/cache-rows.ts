import assert from 'node:assert/strict';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { openHttpBrowser, type VisitedPage } from '../../http-browser.ts';
import { startNginxCache } from '../../servers/proxies/nginx-cache.ts';
import type { Row } from '../row.ts';
import { personal, personalPages } from '../support/personal-paths.ts';

const users = ['alice', 'bob', undefined] as const;

/** A user, or `undefined` for a signed-out user. */
export type Visitor = (typeof users)[number];

/** All orders of three visitors. */
const allOrders: readonly Visitor[][] = users.flatMap((a) =>
  users.filter((b) => b !== a).flatMap((b) => users.filter((c) => c !== a && c !== b).map((c) => [a, b, c])),
);

const others = (user: Visitor) => new RegExp(users.filter((each) => each && each !== user).join('|'));

/**
 * Several signed-in and signed-out users request the same URLs in every order, through a shared cache that stores every response
 * that it is allowed to store. No response of one user may reach another or a signed-out user.
 *
 * @param visit requests a path through the cache
 */
export async function checkSharedCache(
  visit: (user: Visitor, path: string) => Promise<VisitedPage>,
  { isDevelopment = false }: { readonly isDevelopment?: boolean } = {},
): Promise<void> {
  const cached: string[] = [];
  // Each request of a development server takes longer: each visitor is the first once.
  const orders = isDevelopment ? [0, 1, 2].map((n) => [...users.slice(n), ...users.slice(0, n)]) : allOrders;
  let round = 0;
  for (const order of orders) {
    round++;
    for (const path of personal) {
      for (const user of [...order, ...order]) {
        // A separate URL for each order, so that responses of another order cannot be reused.
        const { headers, html } = await visit(user, `${path}?round=${round}`);
        const description = `${path} for ${user ?? 'a signed-out user'} in ${order.map(String)}: ${headers['x-cache']}`;
        assert.doesNotMatch(html, others(user), description);
        if (!user) continue;
        // The response of a custom handler to a signed-out user has no headers. A cache may store it: it contains no user.
        if (path === '/api/plain' && html === '{"user":null}') continue;
        // Development never allows a cache to store a page.
        const isPage = isDevelopment && personalPages.includes(path);
        assert.match(
          String(headers['cache-control']),
          isPage ? /private|no-store|no-cache/ : /private|no-store/,
          description,
        );
        if (headers['x-cache'] === 'HIT') cached.push(description);
      }
    }
  }
  // The cache has stored no response to a signed-in user.
  assert.deepEqual(cached, []);
}

export const cacheRows: readonly Row[] = [
  {
    title: 'S62: a shared cache never returns a response of one user to another or a signed-out user',
    async check(app) {
      const cache = await startNginxCache({
        port: await findFreePort(),
        upstream: app.origin,
        statuses: '200 401 404 405',
      });
      try {
        const cookies = new Map<Visitor, string>([
          ['alice', (await app.logIn('alice')).cookies()],
          ['bob', (await app.logIn('bob')).cookies()],
        ]);
        const throughCache = openHttpBrowser(cache.origin, app.findHost(''));
        const visit = (user: Visitor, path: string) =>
          throughCache.visit(path, { cookie: cookies.get(user) ?? '' });
        await checkSharedCache(visit, app);
        // The cache of this test does store a response that allows it. In development, only that of a missing method (405) does.
        await visit(undefined, '/api/faults?cached');
        const { headers, status } = await visit(undefined, '/api/faults?cached');
        assert.deepEqual([status, headers['x-cache']], [405, 'HIT']);
      } finally {
        await cache.stop();
      }
    },
  },
];
