import { type BrowserContext, expect, type Page } from '@playwright/test';
import { patience, urls } from '../../support/environment.ts';

/** Logs in with a browser that has a session at the provider, which asks only for consent. */
export async function logInNext(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${urls.nextWeb}/profile`);
  const allow = page.getByRole('button', { name: 'Allow' });
  await expect(allow.or(heading(page))).toBeVisible(patience);
  if (await allow.isVisible()) await allow.click();
  await expectProfile(page);
  return page;
}

export async function openProfile(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${urls.nextWeb}/profile`);
  await expectProfile(page);
  return page;
}

const heading = (page: Page) => page.getByRole('heading', { name: 'Profile' });
export const expectProfile = (page: Page) => expect(heading(page)).toBeVisible(patience);

export interface Summary {
  readonly status: number;
  readonly user?: string;
}

type SummaryPage = typeof globalThis & { summary?: Promise<Summary> };

/** Sends a request from the page, which stores the result. */
export const requestSummary = (page: Page, query = '') =>
  page.evaluate((query) => {
    (globalThis as SummaryPage).summary = fetch(`/api/summary${query}`).then(async (response) => ({
      status: response.status,
      ...(response.ok && { user: (await response.json()).user }),
    }));
  }, query);

export const readSummary = (page: Page): Promise<Summary> =>
  page.evaluate(() => (globalThis as SummaryPage).summary ?? { status: 0 });
