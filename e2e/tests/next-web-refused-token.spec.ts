import { createServer } from 'node:http';
import { expect, type Page, test } from '@playwright/test';
import { freePort } from '../../scripts/lib/ports.ts';
import { type AtTestProvider, startAtTestProvider } from '../support/test-provider.ts';

// An API may refuse a token that has not ended: it was revoked, or the API has another opinion of the time.

let running: AtTestProvider;
/** The token of each item that was posted. */
const posted: string[] = [];
/** Of the next requests, how many are refused. */
let refusals = 0;
const closing: (() => unknown)[] = [];

test.beforeAll(async () => {
  const port = await freePort();
  const api = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST') return response.end('[]');
    posted.push(request.headers.authorization ?? '');
    if (refusals > 0) {
      refusals -= 1;
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return response.writeHead(401, headers).end('{}');
    }
    return response.end(JSON.stringify({ id: '1', title: 'Milk', createdAt: new Date().toISOString() }));
  }).listen(port, 'localhost');
  running = await startAtTestProvider({
    server: { accessTokenLife: 300 },
    environment: { API_URL: `http://localhost:${port}` },
  });
  closing.push(running.stop, () => api.close());
});
test.afterAll(() => Promise.all(closing.map((close) => close())));
test.beforeEach(() => {
  posted.length = 0;
});

const refreshes = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

async function addItem(page: Page): Promise<void> {
  await page.goto(`${running.app.origin}/dashboard`);
  await page.getByLabel('New item').fill('Milk');
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Add' }).click();
  await (await answer).finished();
}

test('a token that the API refuses is renewed, the call made again, and the new session kept', async ({
  page,
}) => {
  const before = refreshes();
  refusals = 1;
  await addItem(page);
  await expect(page.getByText('Added.')).toBeVisible();
  expect(posted).toHaveLength(2);
  expect(new Set(posted).size).toBe(2);
  expect(refreshes() - before).toBe(1);
  await addItem(page);
  await expect(page.getByText('Added.')).toBeVisible();
  expect(posted[2]).toBe(posted[1]);
  expect(refreshes() - before).toBe(1);
});

test('an API that refuses every token is asked twice, and the user stays signed in', async ({ page }) => {
  const before = refreshes();
  refusals = Number.POSITIVE_INFINITY;
  await addItem(page);
  expect(posted).toHaveLength(2);
  expect(refreshes() - before).toBe(1);
  refusals = 0;
  await page.goto(`${running.app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
});
