import assert from 'node:assert/strict';
import type { HttpBrowser, VisitedPage } from '../http-browser.ts';
import {
  accessTokenLifetime,
  countCookies,
  countRefreshes,
  data,
  type Row,
  type RowApp,
  readSession,
} from './row.ts';

// The proxy refreshes the session, and an action, an API route or a handler changes it in the same request.

/** Returns a browser whose access token has expired. */
async function logInEarlier(app: RowApp): Promise<HttpBrowser> {
  const browser = await app.logIn('alice');
  app.advance(accessTokenLifetime + 1);
  return browser;
}

/** Calls an action as the router does, or posts its form as a browser without scripts. */
async function callAction(
  app: RowApp,
  browser: HttpBrowser,
  { name, by }: { readonly name: string; readonly by: 'router' | 'form' },
): Promise<VisitedPage> {
  // Without a session, the page is the same.
  const { html } = await app.open().visit('/rename');
  const form = new RegExp(`id="${name}".*?</form>`, 's').exec(html)?.[0] ?? '';
  const action = /name="\$ACTION_ID_([^"]+)"/.exec(form)?.[1] ?? '';
  if (by === 'form') {
    const fields = new FormData();
    fields.set(`$ACTION_ID_${action}`, '');
    return browser.visit('/rename', { form: fields });
  }
  return browser.visit('/rename', {
    method: 'POST',
    headers: { origin: app.origin, 'next-action': action, 'content-type': 'text/plain;charset=UTF-8' },
    body: '[]',
  });
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
    // Next shows neither its response nor the lines of the proxy to a route handler.
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
];
