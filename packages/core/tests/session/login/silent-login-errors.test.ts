// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import {
  createErrorCallback,
  dropLogin,
  findLogins,
  getPath,
  html,
  startLogin,
} from '../../support/session/lost-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each(['login_required', 'interaction_required', 'consent_required', 'account_selection_required'])(
  'redirects a silent login to its page with the error %s',
  async (error) => {
    const app = await createWebApp();
    for (const isCookieLost of [false, true]) {
      const browser = app.open();
      const login = await startLogin(browser, '/auth/login?prompt=none&returnTo=/wanted%3Fa%3D1%23part');
      if (isCookieLost) dropLogin(browser);
      const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe(`/wanted?a=1&loginError=${error}#part`);
      expect(findLogins(browser)).toEqual([]);
    }
  },
);

test('restarts a lost silent login with prompt=none', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login?prompt=none&returnTo=/wanted');
  dropLogin(browser);
  const { url } = await app.server.authorize(login);
  const restartUrl = new URL(
    (await browser.visit(getPath(url), { headers: html })).headers.get('location') ?? '',
  );
  expect(restartUrl.searchParams.get('prompt')).toBe('none');
});

test('shows an error page for other errors of a silent login, and for errors of a visible login', async () => {
  const app = await createWebApp();
  for (const [path, error, status] of [
    ['/auth/login?prompt=none', 'access_denied', 403],
    ['/auth/login?prompt=none', 'invalid_request', 502],
    ['/auth/login', 'login_required', 403],
    ['/auth/login', 'consent_required', 403],
  ] as const) {
    const browser = app.open();
    const login = await startLogin(browser, path);
    const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
    expect(response.status, `${path} ${error}`).toBe(status);
  }
});
