import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page, test } from '@playwright/test';
import { signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, logInAtProvider, readLoggedRequests, tokenRequests } from '../../support/provider.ts';

// `login({ display: 'popup' })`: the provider in a window, while the page stays. The policy of the application
// (`Cross-Origin-Opener-Policy: same-origin`) separates the window from the page.

const base = urls.angularSpa;
test.use({ baseURL: base });

const failure = (page: Page) => page.getByRole('main').getByRole('alert');

/** Gives the focus to the window or to the page. Playwright reports the focus for all pages at the same time. */
const setFocus = (page: Page, hasFocus: boolean) =>
  page.evaluate((hasFocus) => {
    document.hasFocus = () => hasFocus;
  }, hasFocus);

/** Opens the page of a signed-out user, and the login in a window by a click. */
async function openWindow(page: Page): Promise<Page> {
  await page.goto('/?from=mail#top');
  await signedOut(page);
  await setFocus(page, false);
  const popupEvent = page.context().waitForEvent('page');
  await page.getByRole('button', { name: 'Open a login window' }).click();
  const popup = await popupEvent;
  await popup.waitForURL((url) => url.origin === urls.identityProvider);
  return popup;
}

test('popup: logs in by a window, which closes, and the page is not left', async ({ page }) => {
  const popup = await openWindow(page);
  const loads: string[] = [];
  page.on('framenavigated', (frame) => frame === page.mainFrame() && loads.push(frame.url()));
  expect(new URL(await popup.evaluate(() => location.href)).origin).toBe(urls.identityProvider);
  // The pages of the provider cannot navigate the page.
  expect(await popup.evaluate(() => window.opener)).toBeNull();
  const closed = popup.waitForEvent('close');
  await logInAtProvider(popup, alice).catch(() => {});
  await closed;
  await signedIn(page);
  await expect(page.getByRole('heading', { name: 'Welcome, Alice Archer.' })).toBeVisible();
  expect(page.url()).toBe(`${base}/?from=mail#top`);
  expect(loads).toEqual([]);
  // The tokens are those of an ordinary login.
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible();
});

test('popup: a window that the user closes ends the login, and the next one succeeds', async ({ page }) => {
  const popup = await openWindow(page);
  await popup.close();
  await setFocus(page, true);
  await expect(failure(page)).toContainText('was closed before the login was complete');
  await signedOut(page);
  await setFocus(page, false);
  const popupEvent = page.context().waitForEvent('page');
  await page.getByRole('button', { name: 'Open a login window' }).click();
  const next = await popupEvent;
  await next.waitForURL((url) => url.origin === urls.identityProvider);
  await logInAtProvider(next, alice).catch(() => {});
  await signedIn(page);
  await expect(failure(page)).toHaveCount(0);
});

test('popup: a blocked window ends the login with its reason, without a request', async ({ page }) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await page.goto('/');
  await signedOut(page);
  const since = readLoggedRequests().length;
  await page.getByRole('button', { name: 'Open a login window' }).click();
  await expect(failure(page)).toContainText('The browser blocked the login window');
  await signedOut(page);
  expect(page.context().pages()).toHaveLength(1);
  expect(readLoggedRequests().slice(since)).not.toContainEqual(expect.objectContaining({ path: '/auth' }));
});

test('B31: a window login accepts no response of another origin or another login', async ({ page }) => {
  const other = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Another site</title>'),
  );
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  try {
    const popup = await openWindow(page);
    const since = readLoggedRequests().length;
    const state = await page.evaluate(() => {
      const name = Object.keys(sessionStorage).find((key) => key.includes(' login ')) ?? '';
      return JSON.parse(sessionStorage.getItem(name) ?? '').state as string;
    });
    expect(state).toMatch(/^[\w-]{20,}$/);
    const query = (value: string) =>
      `?code=forged&state=${value}&iss=${encodeURIComponent(urls.identityProvider)}`;
    const forged = [
      `${base}/popup-callback.html${query('forged')}`,
      `${base}/popup-callback.html?code=forged`,
      `${base}/callback${query(state)}`,
      `http://127.0.0.1/popup-callback.html${query(state)}`,
      `${base}/popup-callback.html.evil${query(state)}`,
    ];
    const sendAll = (tab: Page) =>
      tab.evaluate((messages) => {
        const channel = new BroadcastChannel('countersign popup');
        for (const message of [...messages, { url: messages[0] }, null, 7]) {
          channel.postMessage(message);
          window.opener?.postMessage(message, '*');
        }
      }, forged);
    // Another origin, which knows even the state.
    const genuine = `${base}/popup-callback.html${query(state)}`;
    const foreign = await page.context().newPage();
    await foreign.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    await foreign.evaluate(
      (message) => new BroadcastChannel('countersign popup').postMessage(message),
      genuine,
    );
    await sendAll(foreign);
    await page.evaluate((message) => window.postMessage(message, '*'), genuine);
    // A page of the same origin with the response of another login.
    const sibling = await page.context().newPage();
    await sibling.goto('/silent-callback.html');
    await sendAll(sibling);
    await logInAtProvider(popup, alice).catch(() => {});
    await signedIn(page);
    expect(tokenRequests('angular-spa', 'authorization_code', since)).toMatchObject([{ status: 200 }]);
  } finally {
    other.close();
  }
});
