import { expect, type Page, test } from '@playwright/test';
import { signedIn, signIn } from '../support/angular-spa.ts';
import { recentLogin, urls } from '../support/environment.ts';
import { alice, bob, signInAtProvider } from '../support/provider.ts';

// What the library can do beyond login and call, each shown by the application.

const base = urls.angularSpa;
test.use({ baseURL: base });

/** The next request from the page to a route of the API; the browser's own questions about CORS do not count. */
const nextCall = (page: Page, path: string, method = 'GET') =>
  page.waitForRequest((request) => request.url() === `${urls.nestApi}${path}` && request.method() === method);

/** An access token, as the API reads it. */
function payloadOf(authorization: string | undefined): Record<string, string> {
  const payload = (authorization ?? '').split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

const scopesIn = (authorization: string | undefined) => payloadOf(authorization).scope?.split(' ') ?? [];

test('insufficient_user_authentication: an API that wants a recent login gets one (RFC 9470), and the user is back where the wish was made', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await signIn(page);
  await page.getByLabel('New item').fill('Soon deleted');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('link', { name: 'Delete all items' }).click();
  // The API allows for clocks that differ by thirty seconds.
  await page.waitForTimeout((recentLogin + 31) * 1000);
  const refusal = page.waitForResponse(
    (answer) => answer.request().method() === 'DELETE' && answer.status() === 401,
  );
  await page.getByRole('button', { name: 'Delete all items' }).click();
  const challenge = (await refusal).headers()['www-authenticate'] ?? '';
  expect(challenge).toContain('error="insufficient_user_authentication"');
  expect(challenge).toContain(`max_age="${recentLogin}"`);
  // The provider knows the user, and asks for the password all the same.
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/items/clear`);
  await page.getByRole('button', { name: 'Delete all items' }).click();
  await expect(page).toHaveURL(`${base}/items`);
  await expect(page.getByText('Nothing yet')).toBeVisible();
});

test('scopeGuard: a page for who may write is not shown to who may only read', async ({ page }) => {
  await signIn(page, bob);
  await page.goto('/items/clear');
  await expect(page.getByRole('heading', { name: 'Not with this account' })).toBeVisible();
  await expect(page.getByText('signed in as Bob Baker')).toBeVisible();
});

test('claimGuard: a page for who has a verified address is not shown to others, and opens to who has one', async ({
  page,
  context,
}) => {
  await signIn(page, bob);
  await page.getByRole('link', { name: 'Reports' }).click();
  await expect(page).toHaveURL(`${base}/forbidden`);
  await expect(page.getByText('Its e-mail address is not verified')).toBeVisible();
  // Opened by its address as well, before which the login is restored.
  await page.goto('/reports');
  await expect(page).toHaveURL(`${base}/forbidden`);
  await context.clearCookies();
  await page.goto('/reports');
  await signInAtProvider(page, alice);
  await expect(page.getByRole('heading', { name: 'Reports', exact: true })).toBeVisible();
  expect(page.url()).toBe(`${base}/reports`);
});

test('whoever lacks nothing is not told otherwise', async ({ page }) => {
  await page.goto('/forbidden');
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await signIn(page);
  await page.goto('/forbidden');
  await expect(page.getByRole('heading', { name: 'Nothing is closed to you' })).toBeVisible();
  await expect(page.getByText('may not change items')).toHaveCount(0);
});

test('an entry with a narrower scope gets a token that can do no more', async ({ page }) => {
  const items = nextCall(page, '/items');
  await signIn(page);
  expect(scopesIn((await (await items).allHeaders()).authorization)).toEqual(['items:read', 'items:write']);
  const me = nextCall(page, '/me');
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('list', { name: 'Scopes that the API sees' }).getByRole('listitem')).toHaveText(
    ['items:read'],
  );
  expect(scopesIn((await (await me).allHeaders()).authorization)).toEqual(['items:read']);
  // The login itself has not become narrower by it.
  await expect(page.getByRole('list', { name: 'Granted scopes' })).toContainText('items:write');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await page.getByLabel('New item').fill('Written all the same');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Written all the same').first()).toBeVisible();
});

test('an optional entry lets guests ask without a token, and shows the token of everybody else', async ({
  page,
}) => {
  const asGuest = nextCall(page, '/health');
  await page.goto('/');
  expect((await (await asGuest).allHeaders()).authorization).toBeUndefined();
  await expect(page.getByText('The API is up')).toBeVisible();
  await signIn(page);
  const asUser = nextCall(page, '/health');
  await page.getByRole('link', { name: 'Countersign' }).click();
  expect((await (await asUser).allHeaders()).authorization).toMatch(/^Bearer ey/);
});

test('*authSignedIn shows nothing until it is known who is there, then one of the two', async ({ page }) => {
  const guest = page.getByRole('heading', { name: /Sign in, call an API/ });
  const user = page.getByRole('heading', { name: /Good to see you, Alice Archer/ });
  await page.goto('/');
  await expect(guest).toBeVisible();
  await expect(user).toHaveCount(0);
  await signIn(page);
  const seen: string[] = [];
  await page.exposeFunction('report', (text: string) => seen.push(text));
  await page.addInitScript(() => {
    const report = (globalThis as unknown as { report(text: string): void }).report;
    new MutationObserver(() => report(document.body?.textContent ?? '')).observe(document, {
      childList: true,
      subtree: true,
    });
  });
  await page.goto('/');
  await expect(user).toBeVisible();
  await expect(guest).toHaveCount(0);
  expect(seen.some((text) => text.includes('Open your items'))).toBe(true);
  expect(seen.filter((text) => text.includes('Sign in, call an API'))).toEqual([]);
});

test('events tell of logins and refreshes', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('button', { name: 'Renew now' }).click();
  await expect(page.getByRole('button', { name: 'Renew now' })).toBeEnabled();
  await page.getByRole('link', { name: 'Activity' }).click();
  const events = page.getByRole('region', { name: 'Events' }).getByRole('listitem');
  for (const type of ['login.succeeded', 'refresh.started', 'refresh.succeeded'])
    await expect(events.filter({ hasText: type }).first()).toBeVisible();
  await signedIn(page);
});

test('two clients in one application: each has its own login, token and storage', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Reports' }).click();
  await expect(page.getByText('Nobody has opened the reports')).toBeVisible();
  await page.getByRole('button', { name: 'Open the reports' }).click();
  const report = nextCall(page, '/reports');
  // The provider knows the user, and asks whether this client may act for them as well.
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL(`${base}/reports`);
  await expect(page.getByRole('list', { name: 'Scopes of the reports' })).toContainText('reports:read');
  const forReports = payloadOf((await (await report).allHeaders()).authorization);
  expect(forReports).toMatchObject({
    aud: 'https://reports.countersign.example',
    client_id: 'angular-reports',
    scope: 'reports:read',
  });
  const items = nextCall(page, '/items');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  expect(payloadOf((await (await items).allHeaders()).authorization)).toMatchObject({
    aud: 'https://api.countersign.example',
    client_id: 'angular-spa',
    scope: 'items:read items:write',
  });
  // The one ends, the other goes on.
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('button', { name: 'Close the reports' }).click();
  await expect(page.getByText('Nobody has opened the reports')).toBeVisible();
  await signedIn(page);
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(kept).not.toContain('accessToken');
});

test('in a native shell the login leads through the system browser and back by a scheme of the app', async ({
  page,
  browser,
}) => {
  const system = await (await browser.newContext()).newPage();
  const opened: string[] = [];
  await page.exposeFunction('openInSystemBrowser', (url: string) => void opened.push(url));
  await page.addInitScript(() => {
    const { openInSystemBrowser: open } = globalThis as unknown as {
      openInSystemBrowser(url: string): void;
    };
    const nativeShell = { open, onOpened: (listener: unknown) => Object.assign(globalThis, { listener }) };
    Object.assign(globalThis, { nativeShell });
  });
  const openApp = (url: string) =>
    page.evaluate((url) => (globalThis as unknown as { listener(url: string): void }).listener(url), url);
  const scheme = 'com.example.countersign:/callback';
  await page.goto('/items?sort=new#top');
  await expect.poll(() => opened).toHaveLength(1);
  const request = new URL(opened[0] ?? '').searchParams;
  expect(request.get('redirect_uri')).toBe(scheme);
  expect(request.get('code_challenge_method')).toBe('S256');
  // The web view itself has not left.
  expect(new URL(page.url()).origin).toBe(base);
  // An answer to nobody's question is refused, and the page says so.
  await openApp(`${scheme}?code=forged&state=forged&iss=${urls.identityProvider}`);
  await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await expect.poll(() => opened).toHaveLength(2);
  const answer = await answerOfScheme(system, opened[1] ?? '', scheme);
  // By another address, or another scheme, it is no answer; and it is still good for the one that it was meant for.
  for (const other of ['com.example.other:/callback', `${scheme}-of-another`])
    await openApp(answer.replace(scheme, other));
  expect(new URL(page.url()).pathname).toBe('/callback');
  await openApp(answer);
  await expect(page.getByRole('heading', { level: 1, name: /Good to see you, Alice/ })).toBeVisible();
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible();
  // The same answer once more is of no use to anybody.
  await openApp(answer);
  await expect(page.getByRole('alert')).toContainText('has been used before');
  await signedIn(page);
  await system.context().close();
});

/** Signs in, in the system's browser, until it is sent to the app. */
async function answerOfScheme(system: Page, url: string, scheme: string): Promise<string> {
  const answer = system.waitForResponse((response) => {
    const location = response.headers().location;
    return location?.startsWith(scheme) ?? false;
  });
  await system.goto(url);
  await system.locator('input[name="login"]').fill(alice.login);
  await system.locator('input[name="password"]').fill(alice.password);
  await system.getByRole('button', { name: 'Sign in' }).click();
  await system.getByRole('button', { name: 'Allow' }).click();
  return (await answer).headers().location ?? '';
}
