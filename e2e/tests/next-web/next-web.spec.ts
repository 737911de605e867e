import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { logs, urls } from '../../support/environment.ts';
import {
  alice,
  bob,
  type DemoUser,
  readLoggedRequests,
  signInAtProvider,
  tokenRequests,
} from '../../support/provider.ts';
import { waitUntilRefreshIsDue } from '../../support/renewal.ts';

const base = urls.nextWeb;
test.use({ baseURL: base });

async function signIn(page: Page, user: DemoUser = alice): Promise<void> {
  await page.goto('/dashboard');
  await signInAtProvider(page, user);
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await page.getByRole('button').first().click();
  await page.waitForURL((url) => url.origin === base);
}

/** Reads the session cookie with all its chunks. */
async function sessionCookie(context: BrowserContext): Promise<string> {
  const cookies = (await context.cookies(base)).filter(({ name }) => /^session(\.\d)?$/.test(name));
  return cookies.map(({ value }) => value).join('');
}

/** Requests the dashboard without following redirects. */
async function fetchStatus(page: Page): Promise<number> {
  return (await page.request.get('/dashboard', { maxRedirects: 0 })).status();
}

const refreshes = (since: number) => tokenRequests('next-web', 'refresh_token', since);

test('a deep link redirects to the login and returns to the requested page', async ({ page }) => {
  await page.goto('/profile');
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/profile`);
  await expect(page.getByText('alice@countersign.example')).toBeVisible();
});

test('a link to a protected page redirects to the login without an error in the console', async ({
  page,
}) => {
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto('/');
  await page.getByRole('link', { name: 'Open the dashboard' }).click();
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/dashboard`);
  expect(errors).toEqual([]);
});

test('the dashboard shows the API response, and an action adds an item', async ({ page }) => {
  await signIn(page);
  const title = `Item ${Date.now()}`;
  await page.getByLabel('New item').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: title })).toBeVisible();
});

test('shows the 403 response for a token without the scope', async ({ page }) => {
  await signIn(page, bob);
  await page.getByLabel('New item').fill('Not allowed');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('The API responded with 403')).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Not allowed' })).toHaveCount(0);
});

test('refreshes an expiring token before rendering: one request, no redirect, a new cookie', async ({
  page,
  context,
}) => {
  await signIn(page);
  for (let round = 0; round < 2; round++) {
    const before = await sessionCookie(context);
    await waitUntilRefreshIsDue();
    const since = readLoggedRequests().length;
    const response = await page.goto('/dashboard');
    expect(response?.request().redirectedFrom()).toBeNull();
    expect(response?.headers()['cache-control']).toContain('no-store');
    await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
    await expect(page.getByText('cannot be reached')).toHaveCount(0);
    expect(refreshes(since)).toHaveLength(1);
    expect(await sessionCookie(context)).not.toBe(before);
  }
});

test('50 parallel requests with an expiring token make one token request', async ({ page, context }) => {
  await signIn(page);
  await waitUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => fetch(`${base}/dashboard`, { headers: { cookie }, redirect: 'manual' })),
  );
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  expect(refreshes(since)).toHaveLength(1);
  const cookies = new Set(responses.map((response) => response.headers.getSetCookie().join('\n')));
  expect(cookies.size).toBe(1);
  expect([...cookies][0]).toContain('session=');
});

test('after logout, a protected page requires a login and the previous cookie is rejected', async ({
  page,
  context,
}) => {
  await signIn(page);
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  await logOut(page);
  expect(await sessionCookie(context)).toBe('');
  await page.goto('/dashboard');
  await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
  const replayed = await fetch(`${base}/dashboard`, { headers: { cookie }, redirect: 'manual' });
  expect(replayed.status).toBe(307);
});

test('login, an action and logout work without JavaScript', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: base });
  const page = await context.newPage();
  await signIn(page);
  const title = `Without script ${Date.now()}`;
  await page.getByLabel('New item').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText(title)).toBeVisible();
  await page.getByRole('link', { name: 'Profile' }).click();
  await logOut(page);
  await page.goto('/profile');
  await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
  await context.close();
});

test('session data is readable at once and survives a refresh', async ({ page }) => {
  await signIn(page);
  await page.goto('/profile');
  await page.getByLabel('Call me').fill('Captain');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('banner').getByText('Captain')).toBeVisible();
  await waitUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  await page.goto('/dashboard');
  await expect(page.getByRole('heading', { name: 'Good to see you, Captain.' })).toBeVisible();
  expect(refreshes(since)).toHaveLength(1);
});

test('a login with maxAge asks for the password again and returns to the page', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Confirm my password' }).click();
  await expect(page.locator('input[name="password"]')).toBeVisible();
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/profile`);
});

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
  await signIn(page);
  expect(await (await page.request.get('/api/summary')).json()).toMatchObject({ user: 'user-alice' });
});

test('an action without a session redirects to the login and returns', async ({ page, context }) => {
  await signIn(page);
  await context.clearCookies({ name: /^session/ });
  await page.getByLabel('New item').fill('Too late');
  // The provider has a session, so the login needs no input.
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page).toHaveURL(`${base}/dashboard`);
  await expect.poll(() => sessionCookie(context)).not.toBe('');
  await expect(page.getByText('Too late')).toHaveCount(0);
});

test('S13: a logout at the provider ends the session', async ({ page, context }) => {
  await signIn(page);
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
  await signIn(other);
  await expect(page.getByText('Signed in as')).toBeVisible();
  await logOut(other);
  await expect(page.getByText('You are not signed in.')).toBeVisible();
});

test('the browser requests the session if the page has none, and again when its tab becomes visible', async ({
  page,
  browser,
}) => {
  let sessionRequests = 0;
  page.on('request', (request) => {
    if (request.url() === `${base}/auth/session`) sessionRequests += 1;
  });
  await signIn(page);
  await page.waitForLoadState('networkidle');
  await expect(page.getByText('Signed in as')).toBeVisible();
  expect(sessionRequests).toBe(0);
  await page.goto('/');
  await expect(page.getByText('Signed in as')).toBeVisible();
  expect(sessionRequests).toBe(1);

  // The session ends in another browser. This tab detects it when it becomes visible.
  const elsewhere = await browser.newContext({ baseURL: base });
  await elsewhere.addCookies(await page.context().cookies(base));
  await elsewhere.request.post('/auth/logout', { headers: { origin: base }, maxRedirects: 0 });
  await expect(page.getByText('Signed in as')).toBeVisible();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByText('You are not signed in.')).toBeVisible();
  await elsewhere.close();
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
  await signIn(page);
  const guest = await (await browser.newContext({ baseURL: base })).newPage();
  const since = readLoggedRequests().length;
  await guest.goto(callback);
  await expect(guest.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();

  // A repeated callback does not disturb a signed-in user.
  await page.goto(callback);
  await expect(page).toHaveURL(`${base}/dashboard`);

  let state = '';
  guest.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === urls.identityProvider) state = url.searchParams.get('state') ?? state;
  });
  await guest.goto('/auth/login?returnTo=/profile');
  await expect(guest).toHaveURL((url) => url.origin === urls.identityProvider);
  await guest.goto(
    `/auth/callback?${new URLSearchParams({ code: 'stolen', state, iss: 'https://evil.example' })}`,
  );
  await expect(guest.getByText('authorization_response_invalid: iss')).toBeVisible();
  expect(tokenRequests('next-web', 'authorization_code', since)).toHaveLength(0);
  await guest.context().close();
});

test('S2: a login does not redirect to another site', async ({ page }) => {
  await page.goto(`/auth/login?returnTo=${encodeURIComponent('/\\evil.example')}`);
  await signInAtProvider(page, alice);
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
  await signIn(page);
  await page.evaluate(() =>
    fetch('/auth/logout', { method: 'POST', headers: { 'next-router-prefetch': '1' } }),
  );
  expect(await sessionCookie(context)).not.toBe('');
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
  await signIn(page);
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
  await signIn(page);
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
  await signIn(page);
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
