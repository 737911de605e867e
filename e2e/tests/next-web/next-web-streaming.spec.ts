import { createServer } from 'node:http';
import { createTestSession } from '@countersign/next/testing';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { createHttpLogins } from '../../support/http-logins.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// Partial prerendering: the static shell, which is the same for all users, is sent at once. Parts that depend on the session
// are streamed after it. The test decides when the API responds.

let running: NextWebAtTestProvider;
/** Functions that send the delayed API responses. */
const waiting: (() => void)[] = [];
let isHeld = true;
const closing: (() => unknown)[] = [];

const items: Record<string, number> = { carol: 2, dave: 5 };

test.beforeAll(async () => {
  const port = await findFreePort();
  const api = createServer((request, response) => {
    const user = request.headers.authorization?.replace('Bearer token-of-', '') ?? '';
    const item = (_: unknown, id: number) => ({
      id,
      title: `${id} of ${user}`,
      createdAt: '2026-01-01T00:00Z',
    });
    const body = JSON.stringify(Array.from({ length: items[user] ?? 0 }, item));
    const respond = () => response.setHeader('content-type', 'application/json').end(body);
    if (isHeld) waiting.push(respond);
    else respond();
  }).listen(port, 'localhost');
  running = await startAtTestProvider({ environment: { API_URL: `http://localhost:${port}` } });
  closing.push(running.stop, () => api.close());
});
test.afterAll(() => Promise.all(closing.map((close) => close())));
test.beforeEach(() => {
  isHeld = true;
});
test.afterEach(release);

function release(): void {
  isHeld = false;
  for (const respond of waiting.splice(0)) respond();
}

const createUserSession = (user: string) =>
  createTestSession(createHttpLogins(running).options(), {
    user: { sub: user, name: `Name-${user}`, email: `${user}@example.test` },
    accessToken: `token-of-${user}`,
  });

/** Reads the page up to its footer. Returns this part and a function that waits for the rest. */
async function openStream(cookie: string) {
  const { body, headers } = await fetch(running.app.origin, { headers: { cookie } });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const readUntil = async (done: () => boolean) => {
    while (!done()) {
      const read = await reader.read();
      if (read.done) break;
      text += decoder.decode(read.value, { stream: true });
    }
    return text;
  };
  const footer = '</footer>';
  await readUntil(() => text.includes(footer));
  const shell = text.slice(0, text.indexOf(footer));
  return { shell, headers, soFar: () => text, all: () => readUntil(() => false) };
}

const personal = /Name-|carol|dave|@example\.test|token-of|you have|Log out/;

test('sends the shell before the API responds, and then streams the parts of the user', async ({
  page,
  context,
}) => {
  const { app } = running;
  await context.addCookies((await createUserSession('carol')).cookies);
  await page.goto(app.origin, { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('Loading from the API …')).toBeVisible();
  await expect.poll(() => waiting.length).toBe(1);
  // The page is interactive before the API responds.
  await expect(page.getByText('Signed in as')).toBeVisible();
  await expect(page.getByText('Loading from the API …')).toBeVisible();
  release();
  await expect(page.getByText('Name-carol, you have 2 items.')).toBeVisible();
  await expect(page.getByText('Loading from the API …')).toHaveCount(0);
});

test('without a session, sends the same shell and does not call the API', async ({ page }) => {
  await page.goto(running.app.origin);
  await expect(page.getByText('Log in to see the count of your items.')).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Log in' })).toBeVisible();
  expect(waiting).toHaveLength(0);
});

test('the shell has the same bytes for all users, and each user receives only their own stream', async () => {
  const signedOutStream = await openStream('');
  const streams = [];
  for (const user of ['carol', 'dave'])
    streams.push({ user, ...(await openStream((await createUserSession(user)).header)) });
  await expect.poll(() => waiting.length).toBe(2);
  expect(signedOutStream.shell).toContain('Signed in on the server');
  expect(signedOutStream.shell).not.toMatch(personal);
  for (const { user, shell, headers, soFar } of streams) {
    expect(shell, user).toBe(signedOutStream.shell);
    expect(soFar(), user).not.toContain('you have');
    expect(headers.get('cache-control'), user).toContain('no-store');
  }
  release();
  for (const { user, all } of streams) {
    const text = await all();
    expect(text).toContain(`Name-${user}`);
    expect(text).toContain(`${items[user]} items`);
    const other = user === 'carol' ? 'dave' : 'carol';
    expect(text, user).not.toMatch(new RegExp(`${other}|${items[other]} items`));
  }
  expect(await signedOutStream.all()).not.toMatch(personal);
});

test('prefetched responses contain no user data', async ({ page, context }) => {
  release();
  await context.addCookies((await createUserSession('carol')).cookies);
  const ahead: string[] = [];
  // The router aborts a response when it has read enough, and Chromium then discards the body.
  // The test therefore requests each response and passes it to the router.
  await page.route('**', async (route) => {
    if (route.request().headers()['next-router-prefetch'] === undefined) return route.continue();
    const response = await route.fetch();
    ahead.push(await response.text());
    await route.fulfill({ response });
  });
  await page.goto(`${running.app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: 'Good to see you, Name-carol.' })).toBeVisible();
  await expect.poll(() => ahead.join('')).toContain('Signed in on the server');
  for (const text of ahead) expect(text).not.toMatch(personal);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
