import { expect } from 'vitest';
import type { TestBrowser, WebApp } from '../web-browser.ts';
import { html } from './lost-logins.ts';

/** Follows the redirects of a page that requires a session, as a proxy does. */
export async function openPage(
  app: WebApp,
  browser: TestBrowser,
  drop: (browser: TestBrowser) => void,
  path = '/dashboard',
  readPageCookies = () => browser.header(),
) {
  let logins = 0;
  for (; logins < 10; logins++) {
    if ((await app.sessions.open(readPageCookies())).session) return { logins };
    const loginResponse = await browser.visit(`/auth/login?returnTo=${encodeURIComponent(path)}`, {
      headers: html,
    });
    if (loginResponse.status !== 303) return { logins, response: loginResponse };
    const { url } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
    const callback = await browser.visit(url.pathname + url.search, { headers: html });
    expect(callback.status).toBe(callback.headers.has('location') ? 303 : 200);
    drop(browser);
  }
  return { logins };
}
