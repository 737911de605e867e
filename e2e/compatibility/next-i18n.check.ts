import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, chromium, expect, type Page } from '@playwright/test';
import { chromiumLaunchOptions } from '../../scripts/lib/programs/chromium.ts';
import { type NextApp, startNextApp } from './next-app.ts';

// Languages by `i18n` of `next.config`, which removes them from the path before a proxy reads it.
// Also tests the responses of App Router pages in Next 16 without Cache Components.

let app: NextApp;
let browser: Browser;
let page: Page;

before(async () => {
  app = await startNextApp(process.env.FIXTURE ?? '.', { basePath: '', callbacks: ['/api/auth/callback'] });
  browser = await chromium.launch(chromiumLaunchOptions);
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

test('a deep link in another language redirects to the login and returns to that language', async () => {
  await page.goto(`${app.origin}/de/orders?tab=1`);
  await signIn(page);
  await page.waitForURL(`${app.origin}/de/orders?tab=1`);
  await expectOrders(page, 'Bestellungen', 'de');
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
});

test('a refresh before the page keeps the language of the path', async () => {
  const previous = await cookies();
  const expiresAt = await expiry();
  await delay(expiresAt * 1000 - Date.now() + 100);
  const since = refreshes();
  await page.reload();
  await expectOrders(page, 'Bestellungen', 'de');
  assert.ok((await expiry()) > expiresAt, 'the page received the previous token');
  assert.equal(refreshes(), since + 1);
  const now = await cookies();
  assert.notEqual(now.session, previous.session);
  assert.equal(now.language, 'de');
});

test('the default language is not part of the path', async () => {
  await page.goto(`${app.origin}/orders`);
  await expectOrders(page, 'Orders', 'en');
  assert.equal((await cookies()).language, 'en');
});

test('a link of the router redirects a signed-out user to the login and returns', async () => {
  const signedOutPage = await (await browser.newContext()).newPage();
  const errors: string[] = [];
  signedOutPage.on('pageerror', ({ message }) => errors.push(message));
  await signedOutPage.goto(`${app.origin}/de`);
  await signedOutPage.getByRole('link', { name: 'Bestellungen' }).click();
  await signIn(signedOutPage);
  await signedOutPage.waitForURL(`${app.origin}/de/orders`);
  await expectOrders(signedOutPage, 'Bestellungen', 'de');
  assert.deepEqual(errors, []);
});

test('a page with a required scope responds with 403 if nothing was sent before it ran', async () => {
  const response = await page.goto(`${app.origin}/editors`);
  assert.equal(response?.status(), 403);
  assert.equal(await page.locator('[data-user]').count(), 0);
  const signedOutResponse = await app.open().visit('/editors');
  assert.equal(signedOutResponse.status, 307);
  assert.equal(signedOutResponse.location?.pathname, '/api/auth/login');
});

test('a page that is forced to be static throws an error instead of rendering a signed-out page', async () => {
  const outputLength = app.output().length;
  const response = await page.goto(`${app.origin}/frozen/page`);
  assert.equal(response?.status(), 500);
  assert.equal(await page.locator('[data-frozen]').count(), 0);
  const logged = await app.waitForOutput(/code: 'wrong_context'/, outputLength);
  assert.match(logged, /ConfigurationError\]?: The session was read in a static page/);
});

async function signIn(at: Page): Promise<void> {
  await at.waitForURL((url) => url.origin === app.provider.issuer);
  await at.locator('input[name="login"]').fill('alice');
  await at.locator('input[name="password"]').fill('alice-demo');
  await at.getByRole('button', { name: 'Log in' }).click();
  const allow = at.getByRole('button', { name: 'Allow' });
  await allow.or(at.locator('main[data-user]')).first().waitFor();
  if (await allow.isVisible()) await allow.click();
}

/** A long timeout: the machine may be busy. */
async function expectOrders(at: Page, title: string, language: string): Promise<void> {
  await expect(at.getByRole('heading', { name: title })).toBeVisible({ timeout: 20_000 });
  assert.equal(await at.locator('main').getAttribute('data-user'), 'user-alice');
  assert.equal(await at.locator('main').getAttribute('data-language'), language);
}

const expiry = async () => Number(await page.locator('main').getAttribute('data-expires-at'));
const refreshes = () => app.log.filter(({ grant_type }) => grant_type === 'refresh_token').length;

async function cookies(): Promise<Record<string, string>> {
  const all = await page.context().cookies(app.origin);
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}
