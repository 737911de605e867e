import { type Browser, expect, type Page, test } from '@playwright/test';
import { signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob, type DemoUser, readLoggedRequests, tokenRequests } from '../../support/provider.ts';

// The application in the web view of a native shell, which opens the system browser and is opened by a URL.

const base = urls.angularSpa;
test.use({ baseURL: base });

const scheme = 'com.example.countersign:/callback';
const claimedUri = 'https://app.countersign.example/callback';

/** Adds a native shell to the page, as Capacitor plugins do. */
async function addNativeShell(page: Page, options: { readonly claimedUri?: string } = {}) {
  const openedUrls: string[] = [];
  await page.exposeFunction('openInSystemBrowser', (url: string) => void openedUrls.push(url));
  await page.addInitScript((options) => {
    const { openInSystemBrowser: open } = globalThis as unknown as {
      openInSystemBrowser(url: string): void;
    };
    const onOpen = (listener: unknown) => Object.assign(globalThis, { listener });
    Object.assign(globalThis, { nativeShell: { ...options, open, onOpen } });
  }, options);
  return {
    /** Waits until the system browser was opened this many times, and returns its last URL. */
    async waitForBrowser(times: number): Promise<string> {
      await expect.poll(() => openedUrls).toHaveLength(times);
      return openedUrls[times - 1] ?? '';
    },
    /** Opens the app with a URL, as the system does. */
    openApp: (url: string) =>
      page.evaluate((url) => (globalThis as unknown as { listener(url: string): void }).listener(url), url),
  };
}

/** Logs in with the system browser. Returns the URL that opens the app. */
async function logInWithSystemBrowser(
  browser: Browser,
  login: { readonly url: string; readonly redirectUri: string; readonly user?: DemoUser },
): Promise<string> {
  const { url, redirectUri, user = alice } = login;
  const context = await browser.newContext();
  const system = await context.newPage();
  const response = system.waitForResponse(
    (response) => response.headers().location?.startsWith(`${redirectUri}?`) ?? false,
  );
  await system.goto(url);
  await system.locator('input[name="login"]').fill(user.login);
  await system.locator('input[name="password"]').fill(user.password);
  await system.getByRole('button', { name: 'Log in' }).click();
  await system.getByRole('button', { name: 'Allow' }).click();
  const { location = '' } = (await response).headers();
  await context.close();
  return location;
}

for (const { kind, redirectUri, options, others } of [
  {
    kind: 'a scheme of the app',
    redirectUri: scheme,
    options: {},
    others: ['com.example.other:/callback', `${scheme}-of-another`],
  },
  {
    kind: 'an https address that the app has claimed',
    redirectUri: claimedUri,
    options: { claimedUri },
    others: [`${claimedUri}-of-another`, 'https://app.countersign.example.evil.test/callback', scheme],
  },
]) {
  test(`in a native shell, logs in with the system browser and returns by ${kind}`, async ({
    page,
    browser,
  }) => {
    const { waitForBrowser, openApp } = await addNativeShell(page, options);
    await page.goto('/items?sort=new#top');
    const url = await waitForBrowser(1);
    const request = new URL(url).searchParams;
    expect(request.get('redirect_uri')).toBe(redirectUri);
    expect(request.get('code_challenge_method')).toBe('S256');
    // The web view has not navigated.
    expect(new URL(page.url()).origin).toBe(base);
    const response = await logInWithSystemBrowser(browser, { url, redirectUri });
    // At another URL it is not an authorization response. It stays valid for the intended URL.
    const since = readLoggedRequests().length;
    for (const other of others) await openApp(response.replace(redirectUri, other));
    await signedOut(page);
    expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
    await openApp(response);
    await expect(page.getByRole('heading', { level: 1, name: 'Your items' })).toBeVisible();
    await signedIn(page);
    expect(page.url()).toBe(`${base}/items?sort=new#top`);
    // The same authorization response cannot be used again.
    await openApp(response);
    await expect(page.getByRole('alert')).toContainText('was already used');
    await signedIn(page);
    expect(tokenRequests('angular-native', 'authorization_code', since)).toHaveLength(1);
  });
}

test('in a native shell, rejects a response with a forged state before using its code', async ({
  page,
  browser,
}) => {
  const { waitForBrowser, openApp } = await addNativeShell(page);
  await page.goto('/items');
  const url = await waitForBrowser(1);
  const genuine = await logInWithSystemBrowser(browser, { url, redirectUri: scheme });
  const since = readLoggedRequests().length;
  for (const state of ['forged', '', undefined]) {
    const forged = new URL(genuine);
    if (state === undefined) forged.searchParams.delete('state');
    else forged.searchParams.set('state', state);
    await openApp(forged.href);
    await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
    await expect(page.getByText('transaction_invalid: state')).toBeVisible();
    // Shows that the next response is rejected as well.
    await page.getByRole('link', { name: 'Activity' }).click();
    await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
  }
  await signedOut(page);
  expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
  // The genuine response is still valid.
  await openApp(genuine);
  await signedIn(page);
});

test('in a native shell, rejects the authorization response of a login that another device started', async ({
  page,
  browser,
}) => {
  const { waitForBrowser, openApp } = await addNativeShell(page);
  await page.goto('/items');
  await waitForBrowser(1);
  // An attacker logs in on another phone and sends the authorization response to the user as a link.
  const attacker = await browser.newContext({ baseURL: base });
  const phone = await attacker.newPage();
  const shell = await addNativeShell(phone);
  await phone.goto('/items');
  const response = await logInWithSystemBrowser(browser, {
    url: await shell.waitForBrowser(1),
    redirectUri: scheme,
    user: bob,
  });
  const since = readLoggedRequests().length;
  await openApp(response);
  await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
  await signedOut(page);
  expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
  await attacker.close();
});
