import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, expect, type Page } from '@playwright/test';
import { type RunningProvider, startProvider } from 'identity-provider';
import { chromiumLaunchOptions } from '../../scripts/lib/programs/chromium.ts';

const folder = join(process.env.FIXTURE ?? '.', 'dist/browser');
const files = readdirSync(folder);
/** The path of the application, with a slash at its end. */
const base = /<base href="([^"]+)"/.exec(readFileSync(join(folder, 'index.html'), 'utf8'))?.[1] ?? '/';
const build = process.env.BUILD ?? '';
const hasHashLocation = build.includes('hash');
const isPrerendered = build.includes('prerendered');
/** The `Authorization` header of each request to the API. */
const credentials: (string | undefined)[] = [];
let origin: string;
let app: Server;
let provider: RunningProvider;
let browser: Browser;
let page: Page;

before(async () => {
  app = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', origin);
    if (pathname === '/config.json') return response.end(JSON.stringify(configuration()));
    if (pathname === '/items' && request.headers.accept?.includes('application/json')) {
      credentials.push(request.headers.authorization);
      return response.end('[{"title":"Milk"}]');
    }
    if (!pathname.startsWith(base)) return response.writeHead(404).end();
    const name = pathname.slice(base.length);
    const file = files.includes(name) ? name : name !== '' && isPrerendered ? 'index.csr.html' : 'index.html';
    response.setHeader('content-type', extname(file) === '.js' ? 'text/javascript' : 'text/html');
    return response.end(readFileSync(join(folder, file)));
  });
  await new Promise<void>((resolve) => void app.listen(0, 'localhost', resolve));
  origin = `http://localhost:${(app.address() as AddressInfo).port}`;
  provider = await startProvider({
    origins: { nextWeb: 'http://localhost:3000', angularSpa: `${origin}${base}`.slice(0, -1) },
  });
  browser = await chromium.launch(chromiumLaunchOptions);
  page = await browser.newPage();
});

after(async () => {
  await browser?.close();
  await provider?.close();
  app?.close();
  app?.closeAllConnections();
});

const configuration = () => ({
  issuer: provider.issuer,
  clientId: 'angular-spa',
  scope: 'openid profile items:read',
  resource: 'https://api.countersign.example',
  postLogoutRedirectUri: `${origin}${base}`,
  allowInsecureIssuer: true,
  apis: [{ url: `${origin}/items` }],
});

test('the build output contains the package, compiled ahead of time', () => {
  const code = files
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  assert.ok(code.some((text) => text.includes('missing_option')));
  // Production builds contain the codes of errors, and no long messages.
  assert.ok(code.every((text) => !text.includes('There is no auth client')));
  // Code that the linker has skipped would need the compiler in the browser.
  assert.ok(code.every((text) => !text.includes('ɵɵngDeclare')));
});

test('the build has the variation of its configuration', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const polyfills = files.filter((file) => /^polyfills.*\.js$/.test(file));
  assert.equal(base, build.includes('base-path') ? '/app/' : '/');
  assert.equal(html.includes('<h1>Home</h1>'), isPrerendered);
  assert.equal(polyfills.length, build.includes('zone') ? 1 : 0);
});

test('the guard redirects to the login, and the login returns to the deep link', async () => {
  await page.goto(`${origin}${base}${hasHashLocation ? '#/' : ''}items?sort=new#top`);
  await page.waitForURL((url) => url.origin === provider.issuer);
  await page.locator('input[name="login"]').fill('alice');
  await page.locator('input[name="password"]').fill('alice-demo');
  await page.getByRole('button', { name: 'Log in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  await allow.or(page.locator('app-root')).first().waitFor();
  if (await allow.isVisible()) await allow.click();
  await page.waitForURL(
    ({ href }) => href.startsWith(`${origin}${base}`) && href.endsWith('/items?sort=new#top'),
  );
  await expectText('#status', 'signed-in');
  await expectText('#user', 'user-alice');
});

test('the interceptor sends the token to the API', async () => {
  await expectText('#items li', 'Milk');
  assert.equal(credentials.length, 1);
  assert.match(credentials[0] ?? '', /^Bearer ey/);
});

test('a reload restores the login', async () => {
  await page.reload();
  await expectText('#items li', 'Milk');
  await expectText('#status', 'signed-in');
});

test('logout ends the login', async () => {
  await page.locator('#log-out').click();
  await page.waitForURL(`${origin}${base}`);
  await expectText('#status', 'signed-out');
});

/** A long timeout: the machine may be busy. */
const expectText = (selector: string, text: string) =>
  expect(page.locator(selector)).toHaveText(text, { timeout: 20_000 });
