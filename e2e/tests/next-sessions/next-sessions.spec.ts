import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import { type NextSessions, startNextSessions } from '../../support/servers/next-sessions.ts';

// Sessions in a built application: in streams, after the response, and behind a proxy that throws.

/** In seconds. */
const accessTokenLifetime = 2;

let app: NextSessions;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startNextSessions({ accessTokenLifetime });
});
test.afterAll(() => app.stop());
const refreshes = () =>
  app.op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

const waitForTokenExpiry = () => delay(accessTokenLifetime * 1000 + 100);

for (const path of ['/api/stream', '/api/wrapped-stream', '/api/read-stream']) {
  test(`S61: ${path} does not refresh after its response has begun, and keeps the session`, async () => {
    const browser = await app.logIn('alice');
    await waitForTokenExpiry();
    const before = refreshes();
    const response = await fetch(app.origin + path, { headers: { cookie: browser.cookies() } });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (!text.includes('begun')) text += decoder.decode((await reader.read()).value, { stream: true });
    // The stream waits in its handler until the gate opens.
    const opening = setInterval(() => void fetch(`${app.origin}/api/gate`, { method: 'POST' }), 50);
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += decoder.decode(part.value, { stream: true });
    clearInterval(opening);
    expect(text).toBe('begun\nwrong_context\nwrong_context\nwrong_context\n');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(refreshes()).toBe(before);
    expect((await browser.visit('/items')).html).toContain('alice has 200');
    expect(refreshes()).toBe(before + 1);
  });
}

test('S61: the wrapper of a protected handler awaits a refresh that the handler did not await', async () => {
  const browser = await app.logIn('alice');
  await waitForTokenExpiry();
  const before = refreshes();
  const { html, headers } = await browser.visit('/api/not-awaited');
  expect(html).toBe('returned');
  expect(headers['set-cookie']).toHaveLength(1);
  expect(headers['cache-control']).toBe('private, no-store');
  expect(refreshes()).toBe(before + 1);
});

test('S61: after() does not use the refresh token and reports the reason', async () => {
  const browser = await app.logIn('alice');
  await waitForTokenExpiry();
  const before = refreshes();
  expect((await browser.visit('/api/after')).html).toBe('returned');
  await expect.poll(() => app.output()).toContain('after: wrong_context');
  expect(refreshes()).toBe(before);
});

test('S61: an API route of the Pages Router does not use the refresh token after it began to write', async () => {
  const browser = await app.logIn('alice');
  await waitForTokenExpiry();
  const before = refreshes();
  expect((await browser.visit('/api/pages/stream')).html).toBe('begun\nwrong_context\n');
  expect(refreshes()).toBe(before);
});

test('S64: an error in the proxy blocks the request, is logged once, and does not end the process', async () => {
  const browser = await app.logIn('alice');
  for (const place of ['protect', 'respond']) {
    for (const path of ['/items', '/']) {
      const before = app.output().length;
      const { status, html, headers } = await browser.visit(path, { headers: { 'x-throw': place } });
      expect(status, `${place} ${path}`).toBe(500);
      expect(html).not.toMatch(/alice has|text of another/);
      expect(headers['cache-control']).toBe('private, no-store');
      await expect
        .poll(() => app.output().slice(before))
        .toContain('countersign: proxy: 500 unexpected_error');
      const logged = app.output().slice(before);
      expect(logged.match(/countersign: proxy/g)).toHaveLength(1);
      expect(logged).not.toMatch(/text of another|eyJ/);
    }
  }
  expect((await browser.visit('/items')).html).toContain('alice has 200');
});

test('the process exits on SIGTERM after these tests', async () => {
  await app.stop();
});
