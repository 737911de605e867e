import { expect, firefox, type Page, test } from '@playwright/test';
import { createFirefoxLaunchOptions } from '../../../scripts/lib/programs/firefox.ts';
import { expectItems, logIn, signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';

// Features that a user of Firefox can disable by preferences. `denied-features.browser-test.ts` of core replaces
// each feature in both browsers; here, Firefox denies several at once.

/** Opens the application with shared storage in a Firefox with preferences. */
async function withPreferences(
  preferences: Readonly<Record<string, boolean | number | string>>,
  run: (page: Page, warnings: readonly string[]) => Promise<void>,
): Promise<void> {
  const browser = await firefox.launch(createFirefoxLaunchOptions(preferences));
  try {
    const context = await browser.newContext({ baseURL: urls.angularSpa });
    await context.route('**/config.json', async (route) => {
      const settings = await (
        await route.fetch({ url: `${urls.angularSpa}/config.json`, maxRetries: 3 })
      ).json();
      await route.fulfill({ json: { ...settings, storage: 'shared' } });
    });
    const page = await context.newPage();
    const warnings: string[] = [];
    page.on('console', (line) => {
      const feature = /^Countersign: (.+) is not available/.exec(line.text())?.[1];
      if (line.type() === 'warning' && feature !== undefined) warnings.push(feature);
    });
    // Without cryptography there is no warning: the login fails. Playwright receives no messages of errors from Firefox.
    await page.exposeFunction('recordError', (text: string) => {
      if (text.includes('crypto.subtle')) warnings.push('crypto.subtle');
    });
    await page.addInitScript(() => {
      const { recordError } = globalThis as unknown as { recordError(text: string): void };
      console.error = (...values: unknown[]) => recordError(values.map(String).join(' '));
    });
    await run(page, warnings);
  } finally {
    await browser.close();
  }
}

for (const { denied, preferences, host = 'localhost', missing } of [
  {
    denied: 'all cookies and site data',
    preferences: { 'network.cookie.cookieBehavior': 2 },
    missing: ['BroadcastChannel', 'IndexedDB', 'sessionStorage'],
  },
  {
    denied: 'sessionStorage and localStorage',
    preferences: { 'dom.storage.enabled': false },
    missing: ['sessionStorage'],
  },
  {
    denied: 'a secure context, on plain http',
    preferences: { 'network.dns.localDomains': 'app.example' },
    host: 'app.example',
    missing: ['crypto.subtle'],
  },
]) {
  test(`without ${denied}: the application starts, names what is missing, and a login does not leave the page`, async () => {
    await withPreferences(preferences, async (page, warnings) => {
      const url = urls.angularSpa.replace('localhost', host);
      await page.goto(`${url}/`);
      await signedOut(page);
      await expect(page.getByRole('heading', { name: /Log in and call an API/ })).toBeVisible();
      for (let attempt = 0; attempt < 2; attempt++)
        await page.getByRole('button', { name: 'Log in', exact: true }).click();
      // The application has two clients, and each of them names a feature once.
      await expect.poll(() => [...new Set(warnings)].sort()).toEqual(missing);
      await page.getByRole('link', { name: 'Activity' }).click();
      await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
      await signedOut(page);
      expect(page.url()).toBe(`${url}/activity`);
      for (const feature of missing)
        expect(warnings.filter((name) => name === feature).length).toBeLessThanOrEqual(2);
    });
  });
}

test('in a private window: logs in, and a reload and a second tab restore the login', async () => {
  await withPreferences({ 'browser.privatebrowsing.autostart': true }, async (page, warnings) => {
    await logIn(page);
    await page.reload();
    await expectItems(page);
    const other = await page.context().newPage();
    await other.goto('/items');
    await expectItems(other);
    await signedIn(other);
    expect(warnings).toEqual([]);
  });
});
