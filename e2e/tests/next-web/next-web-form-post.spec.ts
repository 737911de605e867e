import { expect, type Page, test } from '@playwright/test';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// The provider responds with a form that its page posts (OAuth 2.0 Form Post Response Mode). The provider is another site,
// so that the browser sends only the cookies with SameSite=None.

let running: NextWebAtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider({ environment: { RESPONSE_MODE: 'form_post' } });
  expect(new URL(running.op.issuer).hostname).not.toBe(new URL(running.app.origin).hostname);
});
test.afterAll(() => running?.stop());

const codeExchanges = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'authorization_code').length;

interface PostedResponse {
  readonly url: string;
  readonly form: string;
}

/** Records the authorization responses that the page posts. */
function recordPostedResponses(page: Page): PostedResponse[] {
  const responses: PostedResponse[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url() === `${running.app.origin}/auth/callback`)
      responses.push({ url: request.url(), form: request.postData() ?? '' });
  });
  return responses;
}

/** Posts an authorization response again from a page of the provider, as the back button does. */
async function postAgain(page: Page, { url, form }: PostedResponse): Promise<void> {
  await page.goto(`${running.op.issuer}/.well-known/openid-configuration`);
  await page.evaluate(
    ([action, fields]) => {
      const element = Object.assign(document.createElement('form'), { method: 'post', action });
      for (const [name, value] of new URLSearchParams(fields))
        element.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
      document.documentElement.append(element);
      element.submit();
    },
    [url, form] as const,
  );
}

test('a login by form_post returns to the requested page, and no URL contains its code', async ({ page }) => {
  const { app } = running;
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  const responses = recordPostedResponses(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(responses).toHaveLength(1);
  expect(responses[0]?.form).toMatch(/(^|&)code=/);
  expect(addresses.filter((address) => address.includes('code='))).toEqual([]);
  // The cookies for the cross-site form are deleted. The session cookie is not sent with a cross-site form.
  const cookies = await page.context().cookies(app.origin);
  expect(Object.fromEntries(cookies.map(({ name, sameSite }) => [name, sameSite]))).toEqual({
    session: 'Lax',
    'session.completed': 'Lax',
  });
});

test('a repeated post redirects a signed-in user to returnTo', async ({ page }) => {
  const { app } = running;
  const responses = recordPostedResponses(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  const exchangesBefore = codeExchanges();
  await postAgain(page, responses[0] as PostedResponse);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  expect(codeExchanges()).toBe(exchangesBefore);
});

test('rejects a response that this browser did not request and shows the reason', async ({
  page,
  browser,
}) => {
  const { app } = running;
  const responses = recordPostedResponses(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  const signedOutPage = await (await browser.newContext()).newPage();
  const exchangesBefore = codeExchanges();
  await postAgain(signedOutPage, responses[0] as PostedResponse);
  await expect(signedOutPage.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();
  expect(codeExchanges()).toBe(exchangesBefore);
  await signedOutPage.context().close();
});

test('shows an error page after one more attempt if the provider rejects every code, and never loops', async ({
  page,
}) => {
  const { app, op } = running;
  const responses = recordPostedResponses(page);
  const invalidGrant = { status: 400, body: '{"error":"invalid_grant"}' };
  op.fail('token', { ...invalidGrant, headers: { 'content-type': 'application/json' }, times: 2 });
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();
  expect(responses).toHaveLength(2);
  // The next login succeeds.
  await page.getByRole('link', { name: 'Try again' }).click();
  await expect(page).toHaveURL(`${app.origin}/profile`);
});
