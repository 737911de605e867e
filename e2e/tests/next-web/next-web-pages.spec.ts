import AxeBuilder from '@axe-core/playwright';
import { type Browser, expect, type Page, test } from '@playwright/test';
import { accessTokenLifetime } from '../../support/servers/test-provider.ts';
import { useTestProvider } from '../../support/servers/use-test-provider.ts';

// All pages, in light mode on a phone and in dark mode on a desktop.

const running = useTestProvider();

for (const { size, colorScheme, ...viewport } of [
  { size: 'phone', colorScheme: 'light', width: 360, height: 740 },
  { size: 'desktop', colorScheme: 'dark', width: 1280, height: 900 },
] as const) {
  const open = async (browser: Browser) => {
    const context = await browser.newContext({ colorScheme, viewport, baseURL: running.app.origin });
    const page = await context.newPage();
    const visit = async (path: string, heading: string | RegExp) => {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
      await check(page);
    };
    return { context, page, visit };
  };

  test(`pages are accessible on a ${size} in ${colorScheme} mode`, async ({ browser }) => {
    const { context, visit } = await open(browser);
    await visit('/', /Signed in on the server/);
    await visit('/nowhere', 'There is nothing at this address.');
    await visit('/dashboard', /^Good to see you/);
    await visit('/profile', 'Profile');
    await visit('/import', 'Add several items');
    await visit('/auth/logout', 'Log out?');
    await context.close();
  });

  test(`error pages are accessible on a ${size} in ${colorScheme} mode`, async ({ browser }) => {
    const { op } = running;
    const { context, page, visit } = await open(browser);
    await page.goto('/dashboard');
    running.advance(accessTokenLifetime + 1);
    op.fail('token', { status: 503 });
    await visit('/dashboard', 'This page cannot be shown at the moment.');
    await context.clearCookies();
    await visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`, 'This login cannot be completed');
    for (const [parameters, heading] of [
      [{ code: 'x', iss: 'https://evil.example' }, 'This login was rejected'],
      [{ error: 'access_denied', iss: op.issuer }, 'Not logged in'],
    ] as const) {
      const { location = '' } = (await page.request.get('/auth/login', { maxRedirects: 0 })).headers();
      const state = new URL(location).searchParams.get('state') ?? '';
      await visit(`/auth/callback?${new URLSearchParams({ ...parameters, state })}`, heading);
    }
    await context.close();
  });
}

async function check(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${page.url()} is wider than the window`).toBeLessThanOrEqual(0);
}

test('keyboard users can skip to the content and see the focus', async ({ page }) => {
  await page.goto(running.app.origin);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  expect(await skip.evaluate((link) => getComputedStyle(link).outlineStyle)).not.toBe('none');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
});
