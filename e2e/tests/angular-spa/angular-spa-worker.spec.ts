import { expect, test } from '@playwright/test';
import { logIn, reloadItems } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { readLoggedRequests, tokenRequests } from '../../support/provider.ts';
import { waitUntilRefreshIsDue } from '../../support/refresh-time.ts';
import { onlyInChromium } from '../../support/tags.ts';

// The application with refresh tokens in a dedicated worker.

let base: string;
test.beforeEach(({ baseURL }) => {
  base = String(baseURL);
});

interface Recorded {
  /** Every message between the page and the worker, as JSON. */
  readonly messages: string[];
  /** The worker, for scripts in the page. */
  readonly worker: Worker;
}

test.beforeEach(async ({ context }) => {
  await context.route('**/config.json', async (route) => {
    const settings = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: { ...settings, worker: true } });
  });
  // Everything that a malicious script in the page can read.
  await context.addInitScript(() => {
    const recorded: { messages: string[]; worker?: Worker } = { messages: [] };
    Object.assign(globalThis, { recorded });
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, message: unknown) {
      if (!recorded.worker) {
        recorded.worker = this;
        this.addEventListener('message', ({ data }) => recorded.messages.push(JSON.stringify(data)));
      }
      recorded.messages.push(JSON.stringify(message));
      postMessage.call(this, message);
    };
  });
});

// Playwright receives no bodies of requests from Firefox.
test('B8: the page refreshes its access token without access to the refresh token', {
  tag: onlyInChromium,
}, async ({ page, context }) => {
  const real = new Set<string>();
  const receivers = new Set<string>();
  // All responses of the provider, from the page and from the worker.
  await context.route(`${urls.identityProvider}/token`, async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    if (text.includes('"refresh_token"')) real.add(JSON.parse(text).refresh_token);
    await route.fulfill({ response, body: text });
  });
  context.on('request', (request) => {
    const text = `${request.url()} ${request.postData() ?? ''}`;
    if ([...real].some((token) => text.includes(token))) receivers.add(request.url());
  });
  await logIn(page);
  const since = readLoggedRequests().length;
  for (let times = 0; times < 2; times++) {
    await waitUntilRefreshIsDue();
    expect(await reloadItems(page)).toBe(200);
  }
  expect(tokenRequests('angular-spa', 'refresh_token', since).map(({ status }) => status)).toEqual([
    200, 200,
  ]);
  expect(page.workers()).toHaveLength(1);
  expect(real.size).toBe(3);
  const messages = await page.evaluate(
    () => (globalThis as unknown as { recorded: Recorded }).recorded.messages,
  );
  expect(messages.filter((message) => message.includes('refresh_token')).length).toBeGreaterThanOrEqual(5);
  for (const token of real) expect(messages.filter((message) => message.includes(token))).toEqual([]);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  expect(receivers).toEqual(
    new Set([`${urls.identityProvider}/token`, `${urls.identityProvider}/token/revocation`]),
  );
});

test('B8: the worker never sends a request to a URL from a message of the page', async ({
  page,
  context,
}) => {
  await logIn(page);
  const requestedUrls: string[] = [];
  context.on('request', (request) => requestedUrls.push(request.url()));
  const responses = await page.evaluate(
    async ([issuer, appOrigin]) => {
      const { worker, messages } = (globalThis as unknown as { recorded: Recorded }).recorded;
      const refreshTokens = messages.map((message) => /"refresh_token\\?":\\?"([\w-]+)/.exec(message)?.[1]);
      const body = `grant_type=refresh_token&client_id=angular-spa&refresh_token=${refreshTokens.find(Boolean)}`;
      worker.postMessage({ type: 'start', issuer: appOrigin, allowInsecureIssuer: true });
      const send = (url: string, id: number) =>
        new Promise((resolve) => {
          worker.addEventListener('message', ({ data }) => data.id === id && resolve(data));
          worker.postMessage({ type: 'request', id, url, body, headers: {} });
        });
      const responses = await Promise.all([
        send(`${appOrigin}/stolen`, 1001),
        send(`${issuer}/token?to=elsewhere`, 1002),
        send(`${issuer}/me`, 1003),
      ]);
      return { responses, refreshTokens: refreshTokens.filter(Boolean).length };
    },
    [urls.identityProvider, base] as const,
  );
  expect(responses).toEqual({ responses: [{ id: 1001 }, { id: 1002 }, { id: 1003 }], refreshTokens: 1 });
  const stolenPaths = ['/stolen', '/token', '/me'];
  expect(requestedUrls.filter((url) => stolenPaths.includes(new URL(url).pathname))).toEqual([]);
});

test('a reload restores the login with a new worker', async ({ page }) => {
  await logIn(page);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
  await waitUntilRefreshIsDue();
  expect(await reloadItems(page)).toBe(200);
});
