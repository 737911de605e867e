// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createSessionOptions, createWebApp, secret, sessionKinds } from '../../support/web-browser.ts';

// Two processes of an application have different secrets. One completes the logins, the other one serves the pages.

test.each(sessionKinds)(
  'S87, %s: logins whose session the other process cannot decrypt end with an error page',
  async (kind) => {
    const options = createSessionOptions(kind);
    const first = await createWebApp({ ...options, secret });
    const second = await createWebApp({ ...options, secret: `another ${secret}` }, { at: first.server });
    const browser = first.open();
    const other = second.open(browser.cookies);
    let logins = 0;
    let response = await browser.visit('/auth/login?returnTo=/page');
    while (response.status === 303 && logins < 10) {
      const { url } = await first.server.authorize(response.headers.get('location') ?? '');
      const callback = await (logins % 2 === 0 ? browser : other).visit(url.pathname + url.search);
      expect(callback.headers.get('location')).toBe('/page');
      logins++;
      const page = logins % 2 === 0 ? browser : other;
      const app = logins % 2 === 0 ? first : second;
      expect((await app.sessions.open(page.header()).catch(() => undefined))?.session).toBeFalsy();
      response = await page.visit('/auth/login?returnTo=/page');
    }
    expect({ logins, status: response.status }).toEqual({ logins: 2, status: 400 });
    expect(await response.text()).toContain('session_cookie_missing');
  },
);
