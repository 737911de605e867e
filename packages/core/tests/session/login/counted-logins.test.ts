// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test, vi } from 'vitest';
import { serializeCookie } from '../../../src/session/index.ts';
import { openPage } from '../../support/session/open-page.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../../support/web-browser.ts';

// The logins that are counted for the error page of a lost session cookie.

test('does not count logins after a logout or an ended session', async () => {
  const app = await createWebApp();
  const browser = app.open();
  for (let count = 0; count < 4; count++) {
    expect(await openPage(app, browser, () => {})).toEqual({ logins: 1 });
    await browser.visit('/auth/logout', { method: 'POST', headers: { origin: app.sessions.origin } });
  }
  for (let count = 0; count < 4; count++) {
    expect(await openPage(app, browser, () => {})).toEqual({ logins: 1 });
    const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
    const body = new URLSearchParams({ logout_token: token });
    await app.open().visit('/auth/backchannel-logout', { method: 'POST', body });
    app.server.clock.advance(2);
  }
});

test('does not count logins of a browser without cookies, or logins that are more than a minute old', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp();
  expect((await openPage(app, app.open(), ({ cookies }) => cookies.clear())).logins).toBe(10);
  const browser = app.open();
  await openPage(app, browser, () => {});
  expect(browser.receivedCookies.find((line) => line.includes('.completed=1'))).toContain('Max-Age=60');
  vi.restoreAllMocks();
});

test.each(sessionKinds)('%s: does not count logins that request more than a session', async (kind) => {
  const app = await createWebApp(createSessionOptions(kind));
  const browser = app.open();
  const requirements = [
    { prompt: 'login' },
    { maxAge: 0 },
    { acrValues: ['gold'] },
    { scope: 'openid more' },
    { resource: 'https://api.example.test' },
  ];
  await browser.logIn('/auth/login?returnTo=/page');
  await browser.logIn('/auth/login?returnTo=/page');
  for (const authorization of requirements) {
    const login = app.sessions.startLogin(browser.header(), { returnTo: '/page', authorization });
    await expect(login, Object.keys(authorization)[0]).resolves.toBeDefined();
  }
  await expect(app.sessions.startLogin(browser.header(), { returnTo: '/page' })).rejects.toThrow(
    'The browser completed two logins for the page "/page" within a minute, and is signed in',
  );
  for (let count = 0; count < 4; count++) expect((await browser.logIn()).status).toBe(303);
  // Other pages.
  for (let count = 0; count < 4; count++)
    expect((await browser.logIn(`/auth/login?returnTo=/page/${count}`)).status).toBe(303);
});

describe.each(sessionKinds)('S87, %s', (kind) => {
  test('does not count sessions that the provider has ended', async () => {
    for (const end of ['refresh', 'logout token']) {
      const app = await createWebApp({ ...createSessionOptions(kind), accessTokenRoute: true });
      const browser = app.open();
      for (let count = 0; count < 4; count++) {
        expect(await openPage(app, browser, () => {}), end).toEqual({ logins: 1 });
        if (end === 'refresh') {
          app.server.endGrants();
          const session = await app.sessions.open(browser.header());
          await expect(session.getAccessToken({ forceRefresh: true })).rejects.toThrow();
          const headers = new Headers();
          for (const cookie of session.cookies) headers.append('set-cookie', serializeCookie(cookie));
          browser.take(new Response(null, { headers }));
          expect([...browser.cookies.keys()]).toEqual([]);
        } else {
          const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
          const body = new URLSearchParams({ logout_token: token });
          await app.open().visit('/auth/backchannel-logout', { method: 'POST', body });
        }
        app.server.clock.advance(2);
      }
    }
  });

  test('a provider that ends each login immediately is an error after the second login, not another login', async () => {
    const app = await createWebApp({ ...createSessionOptions(kind), accessTokenRoute: true });
    const browser = app.open();
    const endLogin = async () => {
      await browser.logIn();
      app.server.endGrants();
      const session = await app.sessions.open(browser.header());
      const failed = session.getAccessToken({ forceRefresh: true });
      return failed.then(
        () => undefined,
        (error: { readonly name: string; readonly code: string }) => `${error.name} ${error.code}`,
      );
    };
    expect(await endLogin()).toBe('LoginRequiredError session_ended');
    app.server.clock.advance(2);
    expect(await endLogin()).toBe('AuthorizationServerError token_error');
    // Later, an ended login leads to a login again.
    app.server.clock.advance(61);
    expect(await endLogin()).toBe('LoginRequiredError session_ended');
  });

  test.each([
    { idleLifetime: 20 },
    { idleLifetime: 20, absoluteLifetime: 20 },
    { idleLifetime: 10, absoluteLifetime: 3600 },
  ])('does not count sessions that have expired within a minute: %o', async (lifetimes) => {
    const app = await createWebApp({ ...createSessionOptions(kind), ...lifetimes });
    const browser = app.open();
    await browser.logIn();
    const marker = browser.receivedCookies.find((line) => line.includes('.completed='));
    expect(marker).toContain(`Max-Age=${lifetimes.idleLifetime};`);
  });
});
