import assert from 'node:assert/strict';
import type { HttpBrowser } from '../../http-browser.ts';
import { accessTokenLifetime, countRefreshes, data, type Row, type RowApp } from '../row.ts';

// The response has begun, so no cookie can be set.

/** Reads a stream that waits in its handler until the gate opens. */
async function readStream(app: RowApp, browser: HttpBrowser, path: string) {
  const response = await fetch(app.origin + path, { headers: { cookie: browser.cookies() } });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes('begun')) text += decoder.decode((await reader.read()).value, { stream: true });
  const opening = setInterval(() => void fetch(`${app.origin}/api/gate`, { method: 'POST' }), 50);
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += decoder.decode(part.value, { stream: true });
  } finally {
    clearInterval(opening);
  }
  return { text, cookies: response.headers.getSetCookie() };
}

export const streamRows: readonly Row[] = [
  ...['/api/stream', '/api/wrapped-stream', '/api/read-stream'].map(
    (path): Row => ({
      title: `S61: ${path} does not refresh after its response has begun, and keeps the session`,
      async check(app) {
        const browser = await app.logIn('alice');
        app.advance(accessTokenLifetime + 1);
        const before = countRefreshes(app);
        const { text, cookies } = await readStream(app, browser, path);
        assert.equal(text, 'begun\nwrong_context\nwrong_context\nwrong_context\n');
        assert.deepEqual(cookies, []);
        assert.equal(countRefreshes(app), before);
        assert.ok((await browser.visit('/items')).html.includes(data));
        assert.equal(countRefreshes(app), before + 1);
      },
    }),
  ),
  {
    title:
      'S62: a stream without wrapper does not use the session for the first time after its response has begun',
    async check(app) {
      const browser = await app.logIn('alice');
      const { text, cookies } = await readStream(app, browser, '/api/late-stream');
      assert.equal(text, 'begun\nshared_cache\nshared_cache\nshared_cache\n');
      assert.deepEqual(cookies, []);
    },
  },
  {
    title: 'S61: the wrapper of a protected handler awaits a refresh that the handler did not await',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      const { html, headers } = await browser.visit('/api/not-awaited');
      assert.equal(html, 'returned');
      assert.equal(headers['set-cookie']?.length, 1);
      assert.equal(headers['cache-control'], 'private, no-store');
      assert.equal(countRefreshes(app), before + 1);
      assert.ok((await browser.visit('/items')).html.includes(data));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title: 'S61: after() does not use the refresh token and reports the reason',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const [before, since] = [countRefreshes(app), app.output().length];
      assert.equal((await browser.visit('/api/after')).html, 'returned');
      await app.waitForOutput(/after: wrong_context/, since);
      assert.equal(countRefreshes(app), before);
    },
  },
  {
    title: 'S61: an API route of the Pages Router does not use the refresh token after it began to write',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      assert.equal((await browser.visit('/api/pages/stream')).html, 'begun\nwrong_context\n');
      assert.equal(countRefreshes(app), before);
      assert.ok((await browser.visit('/items')).html.includes(data));
    },
  },
];
