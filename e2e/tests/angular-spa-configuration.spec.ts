import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { isVisibleLogin, signedIn, signIn } from '../support/angular-spa.ts';
import { urls } from '../support/environment.ts';
import { loggedRequests } from '../support/provider.ts';
import { nextCall, payloadOf } from '../support/requests.ts';

// Two clients in one application, one of them with a configuration that comes from a URL.

const base = urls.angularSpa;
test.use({ baseURL: base });

const reports = 'https://reports.countersign.example';

/** Signed in at the application already, opens the reports, for which the provider asks once more. */
async function openReports(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('button', { name: 'Open the reports' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
}

const scopesOfReports = (page: Page) => page.getByRole('list', { name: 'Scopes of the reports' });

test('two clients in one application: each has its own login, token and storage', async ({ page }) => {
  await signIn(page);
  const report = nextCall(page, '/reports');
  await openReports(page);
  await expect(page).toHaveURL(`${base}/reports`);
  await expect(scopesOfReports(page)).toContainText('reports:read');
  const forReports = payloadOf((await (await report).allHeaders()).authorization);
  expect(forReports).toMatchObject({
    aud: reports,
    client_id: 'angular-reports',
    scope: 'reports:read',
  });
  const items = nextCall(page, '/items');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  expect(payloadOf((await (await items).allHeaders()).authorization)).toMatchObject({
    aud: 'https://api.countersign.example',
    client_id: 'angular-spa',
    scope: 'items:read items:write',
  });
  // The one ends, the other goes on.
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('button', { name: 'Close the reports' }).click();
  await expect(page.getByText('The reports are not open in this tab')).toBeVisible();
  await signedIn(page);
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(kept).not.toContain('accessToken');
});

test('withStorage("tab"): a reload finds the login without asking the provider, and another tab has none', async ({
  page,
  context,
}) => {
  await signIn(page);
  await openReports(page);
  await expect(scopesOfReports(page)).toContainText('reports:read');
  const since = loggedRequests().length;
  await page.reload();
  await expect(scopesOfReports(page)).toContainText('reports:read');
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(kept).toContain('accessToken');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('accessToken');
  const other = await context.newPage();
  await other.goto('/reports');
  await expect(other.getByText('The reports are not open in this tab')).toBeVisible();
  const asked = loggedRequests().slice(since);
  expect(asked.filter(({ client_id, path }) => client_id === 'angular-reports' && path !== '/me')).toEqual(
    [],
  );
});

test('loadConfig: the client is as the file at the URL says, with an API entry for a resource of its own', async ({
  page,
  context,
}) => {
  await answerWith(context, (file) => ({
    ...file,
    // Tokens for the API come first; only what the entry covers gets one for the reports.
    resource: ['https://api.countersign.example', reports],
    scope: 'openid offline_access items:read reports:read',
    apis: [{ url: `${urls.nestApi}/reports`, resource: reports, scope: 'reports:read' }],
  }));
  await signIn(page);
  const login = page.waitForRequest(isVisibleLogin(page));
  const report = nextCall(page, '/reports');
  await openReports(page);
  const asked = new URL((await login).url()).searchParams;
  expect(asked.getAll('resource')).toEqual(['https://api.countersign.example', reports]);
  expect(asked.get('scope')?.split(' ')).toContain('items:read');
  expect(payloadOf((await (await report).allHeaders()).authorization)).toMatchObject({
    aud: reports,
    client_id: 'angular-reports',
    scope: 'reports:read',
  });
  await expect(page.getByText(/counted for/)).toBeVisible();
});

for (const { what, answer, code, message } of [
  {
    what: 'no file',
    answer: { status: 404, body: 'Not found' },
    code: 'missing_option',
    message: `The configuration cannot be loaded from ${base}/reports.json: status 404, expected 200.`,
  },
  {
    what: 'a page',
    answer: { contentType: 'text/html', body: '<!doctype html><title>The application</title>' },
    code: 'invalid_option',
    message: `The configuration at ${base}/reports.json is not a JSON object.`,
  },
  {
    what: 'no answer',
    answer: undefined,
    code: 'network_error',
    message: `The configuration cannot be loaded from ${base}/reports.json.`,
  },
  {
    what: 'a file without the issuer',
    answer: { json: { clientId: 'angular-reports' } },
    code: 'missing_option',
    message: 'issuer',
  },
]) {
  test(`loadConfig: with ${what} at the URL the application does not start, and says why: ${code}`, async ({
    page,
    context,
  }) => {
    await context.route('**/reports.json', (route) => (answer ? route.fulfill(answer) : route.abort()));
    const errors: string[] = [];
    page.on('console', (line) => {
      if (line.type() === 'error') errors.push(line.text());
    });
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'The app could not start' })).toBeVisible();
    await expect(page.getByText(`Reference: ${code}`)).toBeVisible();
    expect(errors.join('\n')).toContain(message);
  });
}

/** Another file at the address of the configuration. */
const answerWith = (
  context: BrowserContext,
  change: (file: Record<string, unknown>) => Record<string, unknown>,
) =>
  context.route('**/reports.json', async (route) => {
    const file = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: change(file) });
  });
