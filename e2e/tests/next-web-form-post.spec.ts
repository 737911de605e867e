import { expect, type Page, test } from '@playwright/test';
import { type AtTestProvider, startAtTestProvider } from '../support/test-provider.ts';

// The provider answers by a form that its page posts (OAuth 2.0 Form Post Response Mode). To a browser it is another
// site than the application, so that the form comes without the cookies of the application that are not meant for that.

let running: AtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider({ environment: { RESPONSE_MODE: 'form_post' } });
  expect(new URL(running.op.issuer).hostname).not.toBe(new URL(running.app.origin).hostname);
});
test.afterAll(() => running?.stop());

const codeExchanges = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'authorization_code').length;

interface Answer {
  readonly url: string;
  readonly form: string;
}

/** The answers of the provider that the page was made to post. */
function answersOf(page: Page): Answer[] {
  const answers: Answer[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url() === `${running.app.origin}/auth/callback`)
      answers.push({ url: request.url(), form: request.postData() ?? '' });
  });
  return answers;
}

/** Posts an answer once more, from a page of the provider, as the back button does. */
async function postAgain(page: Page, { url, form }: Answer): Promise<void> {
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

test('a login by form_post ends at the wanted page, and its code is in no address', async ({ page }) => {
  const { app } = running;
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  const answers = answersOf(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(answers).toHaveLength(1);
  expect(answers[0]?.form).toMatch(/(^|&)code=/);
  expect(addresses.filter((address) => address.includes('code='))).toEqual([]);
  // What had to come along with the form of another site is gone; the session is not sent with one.
  const cookies = await page.context().cookies(app.origin);
  expect(cookies.map(({ name, sameSite }) => [name, sameSite])).toEqual([['session', 'Lax']]);
});

test('an answer that is posted again leads who is signed in to where they wanted to go', async ({ page }) => {
  const { app } = running;
  const answers = answersOf(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  const before = codeExchanges();
  await postAgain(page, answers[0] as Answer);
  await expect(page).toHaveURL(`${app.origin}/`);
  expect(codeExchanges()).toBe(before);
});

test('an answer that this browser did not ask for is refused with a readable page', async ({
  page,
  browser,
}) => {
  const { app } = running;
  const answers = answersOf(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  const stranger = await (await browser.newContext()).newPage();
  const before = codeExchanges();
  await postAgain(stranger, answers[0] as Answer);
  await expect(stranger.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();
  expect(codeExchanges()).toBe(before);
  await stranger.context().close();
});

test('a provider that refuses every code shows a page after one more try, and never a loop', async ({
  page,
}) => {
  const { app, op } = running;
  const answers = answersOf(page);
  const invalidGrant = { status: 400, body: '{"error":"invalid_grant"}' };
  op.fail('token', { ...invalidGrant, headers: { 'content-type': 'application/json' }, times: 2 });
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'This login cannot be completed' })).toBeVisible();
  expect(answers).toHaveLength(2);
  // The next login is not held responsible for it.
  await page.getByRole('link', { name: 'Log in again' }).click();
  await expect(page).toHaveURL(`${app.origin}/`);
});
