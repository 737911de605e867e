import { type Browser, expect } from '@playwright/test';

/** Opens a protected page, logs in, sees the response of the API, and logs out. */
export async function logInAndCallApi(browser: Browser, url: string, issuer: string): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(message.text());
  });
  try {
    await page.goto(url, { timeout });
    await page.waitForURL((current) => current.origin === issuer, { timeout });
    await page.locator('input[name="login"]').fill('alice');
    await page.locator('input[name="password"]').fill('alice-demo');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click({ timeout });
    await page.waitForURL(url, { timeout });
    await expect(page.getByRole('heading', { name: 'Items of Alice' })).toBeVisible({ timeout });
    await expect(page.getByText('Milk of user-alice')).toBeVisible({ timeout });
    await page.reload({ timeout });
    await expect(page.getByText('Milk of user-alice')).toBeVisible({ timeout });
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL((current) => current.pathname !== new URL(url).pathname, { timeout });
    await page.goto(url, { timeout });
    await page.waitForURL((current) => current.origin === issuer, { timeout });
  } catch (error) {
    const text = await page
      .locator('body')
      .textContent()
      .catch(() => '');
    throw new Error(
      `${(error as Error).message}\nat ${page.url()}\n${(text ?? '').slice(0, 600)}\n${failures.join('\n')}`,
    );
  } finally {
    await context.close();
  }
}

/** A development server compiles each page at its first request. */
const timeout = 120_000;
