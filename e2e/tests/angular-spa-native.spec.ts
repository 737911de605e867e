import { type Browser, expect, type Page, test } from '@playwright/test';
import { signedIn, signedOut } from '../support/angular-spa.ts';
import { urls } from '../support/environment.ts';
import { alice, bob, type DemoUser, loggedRequests, tokenRequests } from '../support/provider.ts';

// The application in the web view of a native shell, which opens the system's browser and is opened by an address.

const base = urls.angularSpa;
test.use({ baseURL: base });

const scheme = 'com.example.countersign:/callback';
const claimedUri = 'https://app.countersign.example/callback';

/** The page with a shell around it, as plugins of Capacitor make one. */
async function shellAround(page: Page, options: { readonly claimedUri?: string } = {}) {
  const opened: string[] = [];
  await page.exposeFunction('openInSystemBrowser', (url: string) => void opened.push(url));
  await page.addInitScript((options) => {
    const { openInSystemBrowser: open } = globalThis as unknown as {
      openInSystemBrowser(url: string): void;
    };
    const onOpen = (listener: unknown) => Object.assign(globalThis, { listener });
    Object.assign(globalThis, { nativeShell: { ...options, open, onOpen } });
  }, options);
  return {
    /** What the system's browser was opened with, when it has been that many times. */
    async opened(times: number): Promise<string> {
      await expect.poll(() => opened).toHaveLength(times);
      return opened[times - 1] ?? '';
    },
    /** The system opens the app with an address. */
    openApp: (url: string) =>
      page.evaluate((url) => (globalThis as unknown as { listener(url: string): void }).listener(url), url),
  };
}

/** Signs in, in the system's browser, until it is sent to the app. @returns by which address */
async function answerOfSystemBrowser(
  browser: Browser,
  login: { readonly url: string; readonly redirectUri: string; readonly user?: DemoUser },
): Promise<string> {
  const { url, redirectUri, user = alice } = login;
  const context = await browser.newContext();
  const system = await context.newPage();
  const answer = system.waitForResponse(
    (response) => response.headers().location?.startsWith(`${redirectUri}?`) ?? false,
  );
  await system.goto(url);
  await system.locator('input[name="login"]').fill(user.login);
  await system.locator('input[name="password"]').fill(user.password);
  await system.getByRole('button', { name: 'Log in' }).click();
  await system.getByRole('button', { name: 'Allow' }).click();
  const { location = '' } = (await answer).headers();
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
  test(`in a native shell the login leads through the system browser, and back by ${kind}`, async ({
    page,
    browser,
  }) => {
    const { opened, openApp } = await shellAround(page, options);
    await page.goto('/items?sort=new#top');
    const url = await opened(1);
    const request = new URL(url).searchParams;
    expect(request.get('redirect_uri')).toBe(redirectUri);
    expect(request.get('code_challenge_method')).toBe('S256');
    // The web view itself has not left.
    expect(new URL(page.url()).origin).toBe(base);
    const answer = await answerOfSystemBrowser(browser, { url, redirectUri });
    // By another address it is no answer; and it is still good for the one that it was meant for.
    const since = loggedRequests().length;
    for (const other of others) await openApp(answer.replace(redirectUri, other));
    await signedOut(page);
    expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
    await openApp(answer);
    await expect(page.getByRole('heading', { level: 1, name: 'Your items' })).toBeVisible();
    await signedIn(page);
    expect(page.url()).toBe(`${base}/items?sort=new#top`);
    // The same answer once more is of no use to anybody.
    await openApp(answer);
    await expect(page.getByRole('alert')).toContainText('was already used');
    await signedIn(page);
    expect(tokenRequests('angular-native', 'authorization_code', since)).toHaveLength(1);
  });
}

test('in a native shell an answer with a forged state is refused before its code is used', async ({
  page,
  browser,
}) => {
  const { opened, openApp } = await shellAround(page);
  await page.goto('/items');
  const url = await opened(1);
  const own = await answerOfSystemBrowser(browser, { url, redirectUri: scheme });
  const since = loggedRequests().length;
  for (const state of ['forged', '', undefined]) {
    const forged = new URL(own);
    if (state === undefined) forged.searchParams.delete('state');
    else forged.searchParams.set('state', state);
    await openApp(forged.href);
    await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
    await expect(page.getByText('transaction_invalid: state')).toBeVisible();
    // So that the next one is seen to be refused as well.
    await page.getByRole('link', { name: 'Activity' }).click();
    await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
  }
  await signedOut(page);
  expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
  // The answer itself is as good as before.
  await openApp(own);
  await signedIn(page);
});

test('in a native shell nobody is signed in by the answer to the login of somebody else', async ({
  page,
  browser,
}) => {
  const { opened, openApp } = await shellAround(page);
  await page.goto('/items');
  await opened(1);
  // The phone of an attacker, who signs in there and sends the answer to the user as a link.
  const attacker = await browser.newContext({ baseURL: base });
  const phone = await attacker.newPage();
  const shell = await shellAround(phone);
  await phone.goto('/items');
  const answer = await answerOfSystemBrowser(browser, {
    url: await shell.opened(1),
    redirectUri: scheme,
    user: bob,
  });
  const since = loggedRequests().length;
  await openApp(answer);
  await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
  await signedOut(page);
  expect(tokenRequests('angular-native', 'authorization_code', since)).toEqual([]);
  await attacker.close();
});
