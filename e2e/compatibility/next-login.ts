import assert from 'node:assert/strict';
import { createTestBrowser } from 'identity-provider';
import type { NextApp } from './next-app.ts';

/** Logs in, including with a posted and a repeated authorization response. */
export async function logIn(app: NextApp, routes: string, returnTo: string): Promise<void> {
  for (const mode of ['query', 'form_post']) {
    const browser = mode === 'query' ? app : app.open();
    const start = await browser.visit(`${routes}/login?${new URLSearchParams({ returnTo })}`);
    const callback = await createTestBrowser(app.provider.issuer).logIn(start.location ?? '');
    assert.equal(callback.pathname, `${routes}/callback`);
    const visitCallback = () =>
      mode === 'query'
        ? browser.visit(callback)
        : browser.visit(callback.pathname, {
            form: callback.searchParams,
            headers: { origin: app.provider.issuer },
          });
    assert.equal((await visitCallback()).location?.href, app.origin + returnTo, mode);
    const page = await browser.visit(returnTo);
    assert.equal(page.status, 200);
    assert.match(page.html, /data-user="user-alice"/);
    let again = await visitCallback();
    // A posted response is repeated as a navigation, with which a browser sends its session.
    if (mode === 'form_post') again = await browser.visit(again.location ?? '');
    assert.equal(again.location?.href, app.origin + returnTo);
    const signedOutResponse = await app.open().visit(callback);
    assert.equal(signedOutResponse.status, 400);
    assert.match(signedOutResponse.html, /This login cannot be completed/);
  }
}

/** Logs out. Rejects other sites and GET without confirmation. The previous cookie is then rejected. */
export async function logOut(app: NextApp, routes: string): Promise<void> {
  const previousCookies = app.cookies();
  const foreign = await app.visit(`${routes}/logout`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(foreign.status, 403);
  const confirmation = await app.visit(`${routes}/logout`);
  assert.equal(confirmation.status, 200);
  assert.match(confirmation.html, new RegExp(`<form method="post" action="${routes}/logout"`));
  assert.equal((await app.visit('/shop/api/me')).status, 200);
  const { location } = await app.visit(`${routes}/logout`, {
    method: 'POST',
    headers: { origin: app.origin },
  });
  assert.equal(location?.origin, app.provider.issuer);
  assert.equal((await app.visit('/shop/api/me')).status, 401);
  for (const path of ['/shop/api/me', '/shop/api/summary']) {
    assert.equal(
      (await app.visit(path, { cookie: previousCookies })).status,
      401,
      `${path} with the previous cookie`,
    );
  }
}
