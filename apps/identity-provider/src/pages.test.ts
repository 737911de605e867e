import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { users } from './data/users.ts';
import { consentPage } from './pages/consent.ts';
import { deviceConfirmPage } from './pages/device.ts';
import { errorPage } from './pages/error.ts';
import { renderPage } from './pages/layout.ts';
import { loginPage } from './pages/login.ts';
import { logoutPage } from './pages/logout.ts';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import { createTestClient } from './testing/test-client.ts';

const hostile = `"><img src=x onerror='alert(1)'>&`;
const escaped = '&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;';
const [alice] = users;

describe('a page escapes external values', () => {
  test.each([
    ['error', errorPage(hostile, hostile)],
    ['login', loginPage({ action: hostile, client: hostile, login: hostile, failed: true })],
    [
      'consent',
      consentPage({
        action: hostile,
        client: hostile,
        user: alice!,
        scopes: [hostile],
        withheld: [hostile],
        claims: [hostile],
      }),
    ],
    [
      'logout',
      logoutPage({ action: hostile, antiForgeryToken: hostile, client: hostile, isConfirmed: true }),
    ],
    [
      'device',
      deviceConfirmPage(
        { action: hostile, antiForgeryToken: hostile },
        { client: hostile, userCode: hostile },
      ),
    ],
  ])('%s', (_name, page) => {
    const html = renderPage(page);
    expect(html).not.toContain(hostile);
    expect(html).not.toContain('<img');
    expect(html).toContain(escaped);
  });
});

describe('a served page', () => {
  let running: RunningProvider;
  beforeAll(async () => {
    running = await startProvider();
  });
  afterAll(() => running.close());

  test('allows no external content and limits form targets to the client', async () => {
    const { headers } = await createTestBrowser(running.issuer).visit(
      createTestClient(running).authorizationUrl(),
    );
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' http://localhost:4200;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('explains an invalid request and escapes its values', async () => {
    const url = createTestClient(running).authorizationUrl({ client_id: '<img src=x onerror=alert(1)>' });
    const { status, html } = await createTestBrowser(running.issuer).visit(url);
    expect(status).toBe(400);
    expect(html).toContain('is not registered at this provider');
    expect(html).not.toContain('<img');
  });

  test.each([
    ['/', 200, 'alice-demo'],
    ['/nothing-here', 404, 'The page does not exist'],
  ])('%s returns %i', async (path, expected, text) => {
    const { status, html } = await createTestBrowser(running.issuer).visit(running.issuer + path);
    expect(status).toBe(expected);
    expect(html).toContain(text);
  });
});
