import { createServer } from 'node:http';
import { expect, type Page, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// An API can reject a token before its expiry: the token was revoked, or the clock of the API differs.

let running: NextWebAtTestProvider;
/** The token of each POST request. */
const posted: string[] = [];
/** Whether the API rejects the nth POST request, from 1. */
let isRejected: (post: number) => boolean;
/** The number of GET requests that the API rejects next. */
let rejectedReads = 0;
const closing: (() => unknown)[] = [];

test.beforeAll(async () => {
  const port = await findFreePort();
  const api = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST' && rejectedReads === 0) return response.end('[]');
    if (request.method !== 'POST') {
      rejectedReads--;
      return response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('{}');
    }
    posted.push(request.headers.authorization ?? '');
    if (isRejected(posted.length)) {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return response.writeHead(401, headers).end('{}');
    }
    return response.end(JSON.stringify({ id: '1', title: 'Milk', createdAt: new Date().toISOString() }));
  }).listen(port, 'localhost');
  running = await startAtTestProvider({
    environment: { API_URL: `http://localhost:${port}` },
  });
  closing.push(running.stop, () => api.close());
});
test.afterAll(() => Promise.all(closing.map((close) => close())));
test.beforeEach(() => {
  posted.length = 0;
  isRejected = () => false;
});

const refreshes = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

async function addItem(page: Page): Promise<void> {
  await page.goto(`${running.app.origin}/dashboard`);
  await page.getByLabel('New item').fill('Milk');
  await page.getByRole('button', { name: 'Add' }).click();
}

test('refreshes a rejected token, repeats the call and stores the new session', async ({ page }) => {
  const refreshesBefore = refreshes();
  isRejected = (post) => post === 1;
  await addItem(page);
  await expect(page.getByText('Added.')).toBeVisible();
  expect(posted).toHaveLength(2);
  expect(new Set(posted).size).toBe(2);
  expect(refreshes() - refreshesBefore).toBe(1);
  await addItem(page);
  await expect(page.getByText('Added.')).toBeVisible();
  expect(posted[2]).toBe(posted[1]);
  expect(refreshes() - refreshesBefore).toBe(1);
});

test('calls an API that rejects every token twice and keeps the user signed in', async ({ page }) => {
  const refreshesBefore = refreshes();
  isRejected = () => true;
  await addItem(page);
  await expect(page.getByText('The API rejects your login.')).toBeVisible();
  expect(posted).toHaveLength(2);
  expect(refreshes() - refreshesBefore).toBe(1);
  await page.goto(`${running.app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
});

test('keeps the rejected items of a form in the field', async ({ page }) => {
  await page.goto(`${running.app.origin}/import`);
  const field = page.getByLabel('One item on each line');
  await field.fill('Milk\nBread\nSalt');
  isRejected = (post) => post > 1;
  await page.getByRole('button', { name: 'Add all' }).click();
  await expect(page.getByText('The first of these was not added.')).toBeVisible();
  await expect(field).toHaveValue('Bread\nSalt');
  isRejected = () => false;
  await page.getByRole('button', { name: 'Add all' }).click();
  await expect(page).toHaveURL(`${running.app.origin}/dashboard`);
});

test('S60: renders the page when the API rejects the token once during rendering', async ({ page }) => {
  await page.goto(`${running.app.origin}/dashboard`);
  rejectedReads = 1;
  await page.goto(`${running.app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: 'Your items' })).toBeVisible();
  await expect(page.getByText('Nothing here yet. Add the first one.')).toBeVisible();
  expect(rejectedReads).toBe(0);
});
