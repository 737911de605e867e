import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { urls } from '../../support/environment.ts';
import { alice, logInAtProvider } from '../../support/provider.ts';

// The production build with server rendering: the HTML of the server, and its hydration in a browser.

const base = urls.angularSsr;

/** Records console messages: hydration errors (NG05xx) and violations of the content security policy. */
function recordConsoleErrors(page: Page): string[] {
  const consoleErrors: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) || /NG0\d+/.test(message.text()))
      consoleErrors.push(message.text());
  });
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  return consoleErrors;
}

/** Requests a page from the server, without a browser. */
async function fetchHtml(page: Page, path: string): Promise<string> {
  const response = await page.request.get(path);
  return response.text();
}

const readAccount = (html: string) =>
  (/<div class="account">.*?<\/div>/s.exec(html)?.[0] ?? '').replace(/<[^>]*>/g, '');

/** Marks the elements of the server, so that the test can find those that hydration keeps. */
const markElements = (page: Page) =>
  page.addInitScript(() => {
    document.addEventListener('readystatechange', () => {
      if (document.readyState !== 'interactive') return;
      for (const element of document.querySelectorAll('app-root *')) element.setAttribute('data-sent', '');
    });
  });

/** Records every text of the account area. */
const watchAccount = (page: Page) =>
  page.addInitScript(() => {
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    const recordText = () => {
      const text = document.querySelector('.account')?.textContent?.trim();
      if (text !== undefined && text !== shown.at(-1)) shown.push(text);
    };
    new MutationObserver(recordText).observe(document, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  });

const readShownTexts = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);

async function logIn(page: Page): Promise<void> {
  await page.goto('/items');
  await logInAtProvider(page, alice);
  await expect(page.getByRole('heading', { name: 'Your items' })).toBeVisible();
}

test('renders the signed-out page for a signed-out user and hydrates it without a mismatch', async ({
  page,
}) => {
  const html = await fetchHtml(page, '/');
  expect(readAccount(html)).toBe('Log in');
  expect(html).toContain('Log in and call an API');
  expect(html).toContain('The API is available');
  const consoleErrors = recordConsoleErrors(page);
  await markElements(page);
  await watchAccount(page);
  await page.goto('/');
  await expect(page.locator('app-root')).not.toHaveAttribute('ngh');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  for (const selector of ['.hero h1', '.cards', '.account button', '.health'])
    await expect(page.locator(selector), selector).toHaveAttribute('data-sent', '');
  expect(await readShownTexts(page)).toEqual(['Log in']);
  await page.getByRole('button', { name: 'Log in' }).click();
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/`);
  await expect(page.getByRole('heading', { name: 'Welcome, Alice Archer.' })).toBeVisible();
  expect(consoleErrors).toEqual([]);
});

test('renders the page of a user by cookie and does not flicker while the login is restored', async ({
  page,
}) => {
  await logIn(page);
  const html = await fetchHtml(page, '/');
  expect(readAccount(html)).toBe('Alice ArcherLog out');
  expect(html).toContain('Welcome, Alice Archer.');
  expect(html).not.toMatch(/ey[\w-]{20,}\.|refresh_token|access_token/);
  const consoleErrors = recordConsoleErrors(page);
  await markElements(page);
  await watchAccount(page);
  await page.goto('/');
  await expect(page.locator('app-root')).not.toHaveAttribute('ngh');
  // The login is restored: the API receives a token.
  const asUser = page.waitForRequest(
    (request) => request.url() === `${urls.nestApi}/me` && request.method() === 'GET',
  );
  await expect(page.locator('.account button')).toHaveAttribute('data-sent', '');
  await page.getByRole('link', { name: 'Profile', exact: true }).click();
  expect((await (await asUser).allHeaders()).authorization).toMatch(/^Bearer ey/);
  expect(new Set((await readShownTexts(page)).map((text) => text.replace(/\s+/g, ' ')))).toEqual(
    new Set(['Alice ArcherLog out']),
  );
  expect(consoleErrors).toEqual([]);
});

test('a forged cookie shows a name and grants no access', async ({ page, context }) => {
  const value = encodeURIComponent(JSON.stringify({ sub: 'mallory', name: '<b>Mallory</b>' }));
  await context.addCookies([{ name: 'remembered-user', value, url: base }]);
  const html = await fetchHtml(page, '/');
  expect(html).toContain('Welcome, &lt;b&gt;Mallory&lt;/b&gt;.');
  await page.goto('/items');
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  expect(readAccount(await fetchHtml(page, '/'))).toBe('Log in');
});

test('sends user pages with no-store, and rejects malformed cookies and foreign hosts', async ({
  request,
}) => {
  const page = await request.get('/');
  expect(page.headers()['cache-control']).toBe('private, no-store');
  expect(page.headers().vary).toContain('Cookie');
  expect(page.headers()['content-security-policy']).toContain("script-src 'self'");
  const response = await request.get('/', { headers: { cookie: 'remembered-user=%7B' } });
  expect(response.status()).toBe(200);
  expect(readAccount(await response.text())).toBe('Log in');
  expect((await request.get('/', { headers: { host: 'evil.test' } })).status()).toBe(400);
  expect((await request.get('/nowhere')).status()).toBe(404);
});

test('renders protected pages and the callback only in the browser', async ({ page }) => {
  for (const path of ['/items', '/profile', '/items/clear', '/callback?code=a&state=b']) {
    const html = await fetchHtml(page, path);
    expect(html, path).toContain('<app-root></app-root>');
    expect(html, path).not.toContain('code=a');
  }
});

test('B3: the server calls the API without a token', async ({ page }) => {
  await logIn(page);
  const apiRequests: string[] = [];
  const api = createServer((request, response) => {
    apiRequests.push(`${request.url} ${request.headers.authorization}`);
    response.setHeader('content-type', 'application/json').end('{"status":"ok"}');
  });
  await once(api.listen(0, 'localhost'), 'listening');
  const { port } = api.address() as AddressInfo;
  const appPort = await findFreePort();
  const server = spawn(process.execPath, ['serve.ts'], {
    cwd: join(import.meta.dirname, '../../../apps/angular-spa'),
    env: {
      ...process.env,
      ANGULAR_SPA_PORT: String(appPort),
      API_URL: `http://localhost:${port}`,
      SERVER_RENDERING: '1',
    },
    stdio: 'ignore',
  });
  try {
    const url = `http://localhost:${appPort}`;
    await expect.poll(async () => (await fetch(`${url}/health`).catch(() => undefined))?.status).toBe(200);
    const cookie = `remembered-user=${encodeURIComponent('{"sub":"user-alice"}')}`;
    const html = await (await fetch(url, { headers: { cookie } })).text();
    expect(readAccount(html)).toBe('user-aliceLog out');
    expect(html).toContain('The API is available');
    expect(apiRequests).toEqual(['/health undefined']);
  } finally {
    server.kill();
    api.close();
  }
});
