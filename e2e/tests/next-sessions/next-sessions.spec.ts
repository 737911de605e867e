import { expect, test } from '@playwright/test';
import { type NextSessions, startNextSessions } from '../../support/servers/apps/next-sessions.ts';

// Sessions in a built application behind a proxy that throws. `support/session-rows` has the other tests of this application.

let app: NextSessions;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startNextSessions();
});
test.afterAll(() => app.stop());

test('S64: an error in the proxy blocks the request, is logged once, and does not end the process', async () => {
  const browser = await app.logIn('alice');
  for (const place of ['protect', 'respond']) {
    for (const path of ['/items', '/']) {
      const outputLength = app.output().length;
      const { status, html, headers } = await browser.visit(path, { headers: { 'x-throw': place } });
      expect(status, `${place} ${path}`).toBe(500);
      expect(html).not.toMatch(/alice has|text of another/);
      expect(headers['cache-control']).toBe('private, no-store');
      await expect
        .poll(() => app.output().slice(outputLength))
        .toContain('countersign: proxy: 500 unexpected_error');
      const logged = app.output().slice(outputLength);
      expect(logged.match(/countersign: proxy/g)).toHaveLength(1);
      expect(logged).not.toMatch(/text of another|eyJ/);
    }
  }
  expect((await browser.visit('/items')).html).toContain('alice has 200');
});

test('the process exits on SIGTERM after these tests', async () => {
  await app.stop();
});
