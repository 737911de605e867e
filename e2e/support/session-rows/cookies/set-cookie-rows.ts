import assert from 'node:assert/strict';
import type { HttpBrowser, VisitedPage } from '../../http-browser.ts';
import {
  accessTokenLifetime,
  countCookies,
  countRefreshes,
  data,
  type Row,
  type RowApp,
  readSession,
} from '../row.ts';
import { callAction } from '../support/call-action.ts';

// The proxy refreshes the session, and an action, an API route or a handler changes it in the same request.

/** Returns a browser whose access token has expired. */
async function logInEarlier(app: RowApp): Promise<HttpBrowser> {
  const browser = await app.logIn('alice');
  app.advance(accessTokenLifetime + 1);
  return browser;
}

/**
 * Sends the session cookie of a deployment without `cookie.domain`, and what a browser stores after each response. Returns
 * the `Set-Cookie` lines of the session.
 */
async function sendPrevious(
  app: RowApp,
  send: (browser: HttpBrowser, host: string) => Promise<VisitedPage>,
): Promise<readonly string[]> {
  const host = app.findHost('domain');
  const browser = app.open(host);
  const previous = (await app.logIn('alice')).cookies();
  const visit: HttpBrowser['visit'] = (path, options) =>
    browser.visit(path, { ...options, cookie: previous });
  const { headers, status } = await send({ ...browser, visit }, host);
  assert.ok(status < 400, String(status));
  const lines = (headers['set-cookie'] ?? []).filter((line) => /^session *=/.test(line));
  // Browsers remove white space at the end of a name.
  const current = lines.filter((line) => /^session=[^;].*domain=/i.test(line)).at(-1);
  assert.ok(current, String(lines));
  const isDeletion = (line: string) => /^session *=;.*max-age=0/i.test(line) && !/domain=/i.test(line);
  assert.ok(lines.some(isDeletion), String(lines));
  assert.ok(
    lines.every((line) => isDeletion(line) || /domain=/i.test(line)),
    String(lines),
  );
  const data = await readSession(app.open(host), current.split(';')[0]);
  assert.deepEqual(data?.data, { name: 'new' });
  return lines;
}

const readData = async (browser: HttpBrowser) => (await readSession(browser))?.data;

const actions: Readonly<Record<string, { readonly data: object; readonly cookies: object }>> = {
  rename: { data: { name: 'new' }, cookies: { session: 1 } },
  renameAndRedirect: { data: { name: 'new' }, cookies: { session: 1 } },
  renameBesideCookies: { data: { name: 'new' }, cookies: { session: 1, before: 1, after: 1 } },
  readOnly: { data: {}, cookies: { session: 1 } },
  ignoreSession: { data: {}, cookies: { session: 1, other: 1 } },
};

const byBoth = Object.entries(actions).flatMap(([name, expected]) =>
  (['router', 'form'] as const).map((by) => ({ name, by, expected })),
);

export const setCookieRows: readonly Row[] = [
  ...byBoth.map(
    ({ name, by, expected }): Row => ({
      title: `${name} by ${by}: the response sets each cookie once`,
      async check(app) {
        const browser = await logInEarlier(app);
        const before = countRefreshes(app);
        const response = await callAction(app, browser, { name, by });
        assert.deepEqual(countCookies(response), expected.cookies);
        assert.equal(countRefreshes(app), before + 1);
        assert.deepEqual(await readData(browser), expected.data);
        assert.ok((await browser.visit('/items')).html.includes(data));
        assert.equal(countRefreshes(app), before + 1);
      },
    }),
  ),
  {
    title: 'an API route of the Pages Router: the response sets each cookie once',
    async check(app) {
      const browser = await logInEarlier(app);
      const before = countRefreshes(app);
      const response = await browser.visit('/api/refreshed/rename');
      assert.deepEqual(countCookies(response), { session: 1, before: 1 });
      assert.deepEqual(await readData(browser), { name: 'new' });
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    // A route handler of Next can read neither its response nor the `Set-Cookie` lines of the proxy.
    title:
      'a route handler: two lines for one cookie, and the last one contains the refreshed tokens and the change',
    async check(app) {
      const browser = await logInEarlier(app);
      const before = countRefreshes(app);
      const response = await browser.visit('/change', { method: 'POST', headers: { origin: app.origin } });
      assert.deepEqual(countCookies(response), { session: 2 });
      assert.deepEqual(await readData(browser), { name: 'new' });
      assert.ok((await browser.visit('/items')).html.includes(data));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title: 'a route handler that the proxy does not refresh before: one line',
    async check(app) {
      const browser = await app.logIn('alice');
      const response = await browser.visit('/change', { method: 'POST', headers: { origin: app.origin } });
      assert.deepEqual(countCookies(response), { session: 1 });
      assert.deepEqual(await readData(browser), { name: 'new' });
    },
  },
  ...(['rename', 'renameAndRedirect'] as const).flatMap((name) =>
    (['router', 'form'] as const).map(
      (by): Row => ({
        title: `${name} by ${by}: the response deletes the session cookie without the domain`,
        async check(app) {
          const lines = await sendPrevious(app, (browser, host) =>
            callAction(app, browser, { name, by, host }),
          );
          // The lines of the proxy for the same cookies are removed.
          assert.equal(lines.length, 2, String(lines));
        },
      }),
    ),
  ),
  ...['/change', '/api/uncovered/change'].map(
    (path): Row => ({
      title: `a route handler deletes the session cookie without the domain: ${path}`,
      async check(app) {
        await sendPrevious(app, (browser, host) =>
          browser.visit(path, { method: 'POST', headers: { origin: `http://${host}` } }),
        );
      },
    }),
  ),
];
