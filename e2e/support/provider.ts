import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { patience, requestLog, urls } from './environment.ts';

export interface DemoUser {
  readonly login: string;
  readonly password: string;
}

/** Can read and write items. */
export const alice: DemoUser = { login: 'alice', password: 'alice-demo' };
/** Can only read items. */
export const bob: DemoUser = { login: 'bob', password: 'bob-demo' };

/** Logs in on the pages of the provider and grants the requested scopes. */
export async function logInAtProvider(
  page: Page,
  user: DemoUser,
  { provider = urls.identityProvider }: { readonly provider?: string } = {},
): Promise<void> {
  await expect(page).toHaveURL((url) => url.origin === provider, patience);
  await page.locator('input[name="login"]').fill(user.login);
  await page.locator('input[name="password"]').fill(user.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  await page.waitForURL((url) => url.origin !== provider || url.pathname.includes('/interaction'));
  const outcome = await Promise.race([
    page.waitForURL((url) => url.origin !== provider).then(() => 'returned' as const),
    allow.waitFor().then(() => 'consent' as const),
  ]);
  if (outcome === 'consent') {
    await allow.click();
    await page.waitForURL((url) => url.origin !== provider);
  }
}

/** A protocol request in the log of the provider. */
export interface LoggedRequest {
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly grant_type?: string;
  readonly client_id?: string;
  readonly status: number;
}

/** Reads the log of the provider. */
export function readLoggedRequests(): LoggedRequest[] {
  return readFileSync(requestLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): LoggedRequest => JSON.parse(line));
}

/** Returns the token requests of a client and a grant after a line of the log. */
export function tokenRequests(clientId: string, grantType: string, since = 0): LoggedRequest[] {
  return readLoggedRequests()
    .slice(since)
    .filter(
      ({ path, client_id, grant_type }) =>
        path === '/token' && client_id === clientId && grant_type === grantType,
    );
}
