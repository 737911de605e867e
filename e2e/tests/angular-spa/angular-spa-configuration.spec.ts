import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { isVisibleLogin, logIn, signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { readLoggedRequests } from '../../support/provider.ts';
import { decodePayload, waitForCall } from '../../support/requests.ts';

// Two clients in one application, one of which loads its configuration from a URL.

const base = urls.angularSpa;
test.use({ baseURL: base });

const reports = 'https://reports.countersign.example';

/** Opens the reports, which need a second login, with a user who is signed in at the application. */
async function openReports(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('button', { name: 'Open the reports' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
}

const locateReportScopes = (page: Page) => page.getByRole('list', { name: 'Scopes of the reports' });

test('two clients in one application have separate logins, tokens and storage', async ({ page }) => {
  await logIn(page);
  const report = waitForCall(page, '/reports');
  await openReports(page);
  await expect(page).toHaveURL(`${base}/reports`);
  await expect(locateReportScopes(page)).toContainText('reports:read');
  const forReports = decodePayload((await (await report).allHeaders()).authorization);
  expect(forReports).toMatchObject({
    aud: reports,
    client_id: 'angular-reports',
    scope: 'reports:read',
  });
  const items = waitForCall(page, '/items');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  expect(decodePayload((await (await items).allHeaders()).authorization)).toMatchObject({
    aud: 'https://api.countersign.example',
    client_id: 'angular-spa',
    scope: 'items:read items:write',
  });
  // A logout of one client does not affect the other client.
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('button', { name: 'Close the reports' }).click();
  await expect(page.getByText('The reports are not open in this tab')).toBeVisible();
  await signedIn(page);
  const storage = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(storage).not.toContain('accessToken');
});

test('withStorage("tab"): a reload restores the login without the provider, another tab is signed out', async ({
  page,
  context,
}) => {
  await logIn(page);
  await openReports(page);
  await expect(locateReportScopes(page)).toContainText('reports:read');
  const since = readLoggedRequests().length;
  await page.reload();
  await expect(locateReportScopes(page)).toContainText('reports:read');
  const storage = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(storage).toContain('accessToken');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('accessToken');
  const other = await context.newPage();
  await other.goto('/reports');
  await expect(other.getByText('The reports are not open in this tab')).toBeVisible();
  const requests = readLoggedRequests().slice(since);
  expect(requests.filter(({ client_id, path }) => client_id === 'angular-reports' && path !== '/me')).toEqual(
    [],
  );
});

test('loadConfig: configures the client and its API entry from the file at the URL', async ({
  page,
  context,
}) => {
  await replaceConfiguration(context, (file) => ({
    ...file,
    // Only requests that the entry matches get a token for the reports.
    resource: ['https://api.countersign.example', reports],
    scope: 'openid offline_access items:read reports:read',
    apis: [{ url: `${urls.nestApi}/reports`, resource: reports, scope: 'reports:read' }],
  }));
  await logIn(page);
  const login = page.waitForRequest(isVisibleLogin(page));
  const report = waitForCall(page, '/reports');
  await openReports(page);
  const parameters = new URL((await login).url()).searchParams;
  expect(parameters.getAll('resource')).toEqual(['https://api.countersign.example', reports]);
  expect(parameters.get('scope')?.split(' ')).toContain('items:read');
  expect(decodePayload((await (await report).allHeaders()).authorization)).toMatchObject({
    aud: reports,
    client_id: 'angular-reports',
    scope: 'reports:read',
  });
  await expect(page.getByText(/counted for/)).toBeVisible();
});

for (const { what, response, code, message } of [
  {
    what: 'no file',
    response: { status: 404, body: 'Not found' },
    code: 'missing_option',
    message: `The configuration cannot be loaded from ${base}/reports.json: status 404, expected 200.`,
  },
  {
    what: 'a page',
    response: { contentType: 'text/html', body: '<!doctype html><title>The application</title>' },
    code: 'invalid_option',
    message: `The configuration at ${base}/reports.json is not a JSON object.`,
  },
  {
    what: 'no response',
    response: undefined,
    code: 'network_error',
    message: `The configuration cannot be loaded from ${base}/reports.json.`,
  },
  {
    what: 'a file without the issuer',
    response: { json: { clientId: 'angular-reports' } },
    code: 'missing_option',
    message: 'issuer',
  },
]) {
  test(`loadConfig: with ${what} at the URL the application does not start and shows ${code}`, async ({
    page,
    context,
  }) => {
    await context.route('**/reports.json', (route) => (response ? route.fulfill(response) : route.abort()));
    const errors: string[] = [];
    // Playwright receives no messages of errors from Firefox.
    await page.exposeFunction('recordError', (text: string) => void errors.push(text));
    await page.addInitScript(() => {
      const { recordError } = globalThis as unknown as { recordError(text: string): void };
      console.error = (...values: unknown[]) => recordError(values.map(String).join(' '));
    });
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'The app could not start' })).toBeVisible();
    await expect(page.getByText(`Reference: ${code}`)).toBeVisible();
    await expect.poll(() => errors.join('\n')).toContain(message);
  });
}

/** Replaces the configuration file at the URL. */
const replaceConfiguration = (
  context: BrowserContext,
  change: (file: Record<string, unknown>) => Record<string, unknown>,
) =>
  context.route('**/reports.json', async (route) => {
    const file = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: change(file) });
  });

test('an application below a path reads its configuration beside its page', async ({ page }) => {
  const outside: string[] = [];
  await page.route(`${base}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    if (!pathname.startsWith('/shop/')) {
      outside.push(pathname);
      return route.fulfill({ status: 404 });
    }
    // A reverse proxy removes the path. The build has its base href.
    const response = await route.fetch({ url: base + pathname.slice('/shop'.length) + search });
    if (!response.headers()['content-type']?.startsWith('text/html')) return route.fulfill({ response });
    const body = (await response.text()).replace('<base href="/">', '<base href="/shop/">');
    return route.fulfill({ response, body });
  });
  await page.goto('/shop/');
  await signedOut(page);
  expect(outside).toEqual([]);
});
