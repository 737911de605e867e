import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { logs, urls } from '../../../support/environment.ts';
import { logIn, logOut, readSessionCookie } from '../../../support/next-web-pages.ts';
import { alice, logInAtProvider, readLoggedRequests, tokenRequests } from '../../../support/provider.ts';

// Known attacks on logins of web applications that need a browser and the demo provider, against the production build.

const base = urls.nextWeb;
test.use({ baseURL: base });

/** Requests the dashboard without following redirects. */
async function fetchStatus(page: Page): Promise<number> {
  return (await page.request.get('/dashboard', { maxRedirects: 0 })).status();
}

test('S18: every handler checks the session regardless of request headers', async ({ request }) => {
  const forgedHeaders = {
    'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
    'x-auth-path': 'https://evil.example/',
    rsc: '1',
    'next-router-prefetch': '1',
  };
  const page = await request.get('/dashboard', { headers: forgedHeaders, maxRedirects: 0 });
  expect(await page.text()).not.toContain('Good to see you');
});

test('S18: a route handler checks the session', async ({ page, request }) => {
  expect((await request.get('/api/summary')).status()).toBe(401);
  await logIn(page);
  expect(await (await page.request.get('/api/summary')).json()).toMatchObject({ user: 'user-alice' });
});

test('S13: a logout at the provider ends the session', async ({ page, context }) => {
  await logIn(page);
  const provider = await context.newPage();
  await provider.goto(`${urls.identityProvider}/session/end`);
  await provider.getByRole('button').first().click();
  await expect.poll(() => fetchStatus(page)).toBe(307);
  await page.goto('/dashboard');
  await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
});

test('S19: tabs notify each other about login and logout', async ({ page, context }) => {
  await page.goto('/');
  await expect(page.getByText('You are not signed in.')).toBeVisible();
  const other = await context.newPage();
  await logIn(other);
  await expect(page.getByText('Signed in as')).toBeVisible();
  await logOut(other);
  await expect(page.getByText('You are not signed in.')).toBeVisible();
});

test('S1, S2: a callback with an error shows a fixed page without text from the request', async ({
  page,
}) => {
  const text = '<script>alert(1)</script><img src=x onerror=alert(2)>';
  const parameters = new URLSearchParams({ error: text, error_description: text, state: 'x'.repeat(43) });
  const response = await page.goto(`/auth/callback?${parameters}`);
  expect(response?.status()).toBe(400);
  expect(response?.headers()['x-content-type-options']).toBe('nosniff');
  expect(await response?.text()).not.toContain('alert');
  await expect(page.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Try again' })).toBeVisible();
});

test('rejects a callback that is replayed or has a wrong state or iss, and shows the reason', async ({
  page,
  browser,
}) => {
  let callback = '';
  page.on('request', (request) => {
    if (request.url().startsWith(`${base}/auth/callback`)) callback = request.url();
  });
  await logIn(page);
  const signedOutPage = await (await browser.newContext({ baseURL: base })).newPage();
  const since = readLoggedRequests().length;
  await signedOutPage.goto(callback);
  await expect(signedOutPage.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();

  // A repeated callback does not disturb a signed-in user.
  await page.goto(callback);
  await expect(page).toHaveURL(`${base}/dashboard`);

  let state = '';
  signedOutPage.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === urls.identityProvider) state = url.searchParams.get('state') ?? state;
  });
  await signedOutPage.goto('/auth/login?returnTo=/profile');
  await expect(signedOutPage).toHaveURL((url) => url.origin === urls.identityProvider);
  await signedOutPage.goto(
    `/auth/callback?${new URLSearchParams({ code: 'stolen', state, iss: 'https://evil.example' })}`,
  );
  await expect(signedOutPage.getByText('authorization_response_invalid: iss')).toBeVisible();
  expect(tokenRequests('next-web', 'authorization_code', since)).toHaveLength(0);
  await signedOutPage.context().close();
});

test('S2: a login does not redirect to another site', async ({ page }) => {
  await page.goto(`/auth/login?returnTo=${encodeURIComponent('/\\evil.example')}`);
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/`);
});

test('S14: prefetched links start neither a login nor a logout', async ({ page, context, request }) => {
  for (const headers of [
    { 'sec-purpose': 'prefetch' },
    { purpose: 'prefetch' },
    { 'next-router-prefetch': '1' },
  ]) {
    const login = await request.get('/auth/login', { headers, maxRedirects: 0 });
    expect(login.status()).toBe(204);
    expect(login.headers()['set-cookie']).toBeUndefined();
  }
  await logIn(page);
  await page.evaluate(() =>
    fetch('/auth/logout', { method: 'POST', headers: { 'next-router-prefetch': '1' } }),
  );
  expect(await readSessionCookie(context)).not.toBe('');
});

test('S14: many pending logins do not exceed the size limit of the cookie header', async ({
  page,
  context,
}) => {
  for (let i = 0; i < 8; i++) {
    await page.goto(`/auth/login?returnTo=/${'x'.repeat(500)}`);
    await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
  }
  const logins = (await context.cookies(base)).filter(({ name }) => name.startsWith('session.login.'));
  const bytes = logins.reduce((total, { name, value }) => total + `${name}=${value}; `.length, 0);
  expect(bytes).toBeLessThanOrEqual(6_000);
});

test('S21: another site cannot log the user out', async ({ page, context }) => {
  await logIn(page);
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const forged = await fetch(`${base}/auth/logout`, {
    method: 'POST',
    headers: { cookie, origin: 'https://evil.example' },
    redirect: 'manual',
  });
  expect(forged.status).toBe(403);
  const linked = await fetch(`${base}/auth/logout`, {
    headers: { cookie, accept: 'text/html' },
    redirect: 'manual',
  });
  expect(linked.status).toBe(200);
  expect(linked.headers.getSetCookie()).toEqual([]);
  await page.goto('/dashboard');
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
});

test('S4: responses that set or depend on the session are not cacheable', async ({ page, context }) => {
  await logIn(page);
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  for (const path of ['/dashboard', '/profile', '/auth/session', '/auth/login', '/auth/logout']) {
    const { headers } = await fetch(base + path, { headers: { cookie }, redirect: 'manual' });
    expect(headers.get('cache-control'), path).toMatch(/private.*no-store|no-store.*private/);
    // Next overwrites Vary on pages. Responses with no-store do not need it.
    if (path.startsWith('/auth/')) expect(headers.get('vary')?.toLowerCase(), path).toContain('cookie');
  }
});

test('URLs, storage, pages and the server log contain no token or secret', async ({ page }) => {
  const texts: string[] = [];
  page.on('request', (request) => texts.push(request.url()));
  page.on('response', async (response) => {
    if (response.url().startsWith(base)) texts.push(await response.text().catch(() => ''));
  });
  await logIn(page);
  await page.goto('/profile');
  await page.waitForLoadState('networkidle');
  texts.push(
    JSON.stringify(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, document.cookie])),
  );
  await logOut(page);
  texts.push(readFileSync(join(logs, 'next-web.log'), 'utf8'));
  // The beginning of every JSON Web Token, and the secrets of the servers.
  const secret = /eyJ[\w-]{10,}\.|next-web-demo-secret|code_verifier|refresh_token/;
  // The state of a login contains the requested page, encrypted. It looks like a token, but is not one.
  const withoutState = (text: string) => text.replace(/([?&]state=)[^&"'\s]*/g, '$1');
  for (const text of texts) expect(withoutState(text)).not.toMatch(secret);
});
