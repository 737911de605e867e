import { expect, test } from '@playwright/test';
import { createDrivenClock } from '../../support/driven-clock.ts';
import type { HttpBrowser, VisitedPage } from '../../support/http-browser.ts';
import { type NextSessions, startNextSessions } from '../../support/next-sessions.ts';

// The proxy refreshes, and then an action or an API route changes the session. The response sets each cookie once.

/** In seconds. */
const accessTokenLifetime = 300;
const clock = createDrivenClock();
let app: NextSessions;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startNextSessions({ accessTokenLifetime, environment: clock.environment });
});
test.afterAll(async () => {
  await app?.stop();
  clock.remove();
});

/** Returns a browser whose access token has expired. */
async function logInEarlier(): Promise<HttpBrowser> {
  const browser = await app.logIn('alice');
  clock.advance(accessTokenLifetime + 1);
  app.op.clock.advance(accessTokenLifetime + 1);
  return browser;
}

const refreshes = () =>
  app.op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

/** Calls an action as the router does, or posts its form as a browser without scripts. */
async function callAction(browser: HttpBrowser, name: string, by: 'router' | 'form'): Promise<VisitedPage> {
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

const countCookies = ({ headers }: VisitedPage): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const line of headers['set-cookie'] ?? []) {
    const name = line.slice(0, line.indexOf('='));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

async function readData(browser: HttpBrowser): Promise<unknown> {
  const { session } = JSON.parse((await browser.visit('/auth/session')).html);
  return session.data;
}

const actions = {
  rename: { data: { name: 'new' }, cookies: { session: 1 } },
  renameAndRedirect: { data: { name: 'new' }, cookies: { session: 1 } },
  renameBesideCookies: { data: { name: 'new' }, cookies: { session: 1, before: 1, after: 1 } },
  readOnly: { data: {}, cookies: { session: 1 } },
  ignoreSession: { data: {}, cookies: { session: 1, other: 1 } },
};

for (const [name, { data, cookies }] of Object.entries(actions))
  for (const by of ['router', 'form'] as const)
    test(`${name} by ${by}: the response sets each cookie once`, async () => {
      const browser = await logInEarlier();
      const before = refreshes();
      const response = await callAction(browser, name, by);
      expect(countCookies(response)).toEqual(cookies);
      expect(refreshes()).toBe(before + 1);
      expect(await readData(browser)).toEqual(data);
      expect((await browser.visit('/items')).html).toContain('alice has 200');
      expect(refreshes()).toBe(before + 1);
    });

test('an API route of the Pages Router: the response sets each cookie once', async () => {
  const browser = await logInEarlier();
  const before = refreshes();
  const response = await browser.visit('/api/refreshed/rename');
  expect(countCookies(response)).toEqual({ session: 1, before: 1 });
  expect(await readData(browser)).toEqual({ name: 'new' });
  expect(refreshes()).toBe(before + 1);
});

// A route handler can read neither its response nor the Set-Cookie lines of the proxy.
test('a route handler: the last Set-Cookie line contains the refreshed tokens and the change', async () => {
  const browser = await logInEarlier();
  const before = refreshes();
  const response = await browser.visit('/change', { method: 'POST', headers: { origin: app.origin } });
  expect(Object.keys(countCookies(response))).toEqual(['session']);
  expect(await readData(browser)).toEqual({ name: 'new' });
  expect((await browser.visit('/items')).html).toContain('alice has 200');
  expect(refreshes()).toBe(before + 1);
});
