import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBrowser } from '../../http-browser.ts';
import {
  accessTokenLifetime,
  countRefreshes,
  data,
  heavyUser,
  type Row,
  type RowApp,
  readSession,
  readUser,
} from '../row.ts';
import { expectItems } from '../support/expect-items.ts';

// The tokens of several APIs in one session: none is lost.

/** In seconds. Longer than the lifetime of an access token. */
const longPause = 700;

async function requestToken(browser: HttpBrowser, resource: string): Promise<string> {
  const { html } = await browser.visit(`/api/token?resource=https://${resource}.example`);
  const { token } = JSON.parse(html);
  assert.ok(token, `${resource}: ${html}`);
  return token;
}

/** How many writes wait at the gate. */
const countWaiting = async (app: RowApp) =>
  Number(await (await fetch(`${app.origin}/api/gate`, { method: 'PUT' })).text());
const openGate = (app: RowApp) => fetch(`${app.origin}/api/gate`, { method: 'POST' });

export const tokenRows: readonly Row[] = [
  {
    title: 'K9: tokens that arrive while the store fails are used, and stored when it is available again',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('process-a'));
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      const release = app.op.hold('token');
      const visit = browser.visit('/api/token');
      while (countRefreshes(app) === before) await delay(20);
      await app.setFaults({ get: 1_000_000, set: 1_000_000, delete: 1_000_000 });
      release();
      const { html } = await visit;
      // The repeated write waits at the gate.
      await app.setFaults({ heldSets: 1 });
      const { token } = JSON.parse(html);
      assert.ok(token, html);
      while ((await countWaiting(app)) === 0) await delay(20);
      assert.equal(JSON.parse((await browser.visit('/api/token')).html).token, token);
      await openGate(app);
      await app.setFaults({});
      // Another process has the tokens of the store only.
      const other = app.open(app.findHost('process-b'));
      const late = await other.visit('/api/token', { cookie: browser.cookies() });
      assert.equal(JSON.parse(late.html).token, token, late.html);
      assert.equal(countRefreshes(app), before + 1);
      app.advance(accessTokenLifetime + 1);
      await expectItems(browser);
      assert.equal(countRefreshes(app), before + 2);
    },
  },
  {
    title:
      'K10: a write of a stored session that fails, and is repeated after a later refresh, loses no token of another API',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('process-a'));
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      // The first write fails. Its repetition waits at the gate.
      await app.setFaults({ set: 1, heldSets: 1 });
      await requestToken(browser, 'a');
      while ((await countWaiting(app)) === 0) await delay(20);
      await requestToken(browser, 'b');
      assert.equal(await countWaiting(app), 1);
      await openGate(app);
      await app.setFaults({});
      // Another process has the tokens of the store only.
      app.advance(longPause);
      const other = app.open(app.findHost('process-b'));
      const page = await other.visit('/items', { cookie: browser.cookies() });
      assert.ok(page.html.includes(data), page.html);
      for (let round = 0; round < 3; round++) {
        for (const resource of ['a', 'b']) {
          app.advance(longPause);
          await requestToken(browser, resource);
        }
        assert.ok((await browser.visit('/items')).html.includes(data));
      }
      const refreshes = app.op
        .requestsTo('token')
        .filter(({ body }) => body.grant_type === 'refresh_token')
        .slice(before);
      assert.deepEqual([...new Set(refreshes.map(({ status }) => status))], [200]);
      // Each refresh token was sent once.
      assert.equal(new Set(refreshes.map(({ body }) => body.refresh_token)).size, refreshes.length);
    },
  },
  {
    title: 'tokens of many APIs stay within two cookies, and the least recently used ones are removed',
    async check(app) {
      const browser = await app.logIn(heavyUser);
      const used = await requestToken(browser, 'api-0');
      for (let number = 1; number < 10; number++) {
        const before = countRefreshes(app);
        await requestToken(browser, `api-${number}`);
        assert.ok(browser.cookies().length <= 8_000, `${browser.cookies().length} bytes`);
        // The token that is used between the others is kept.
        assert.equal(await requestToken(browser, 'api-0'), used);
        assert.equal(countRefreshes(app), before + 1);
      }
      const before = countRefreshes(app);
      await requestToken(browser, 'api-9');
      assert.equal(countRefreshes(app), before);
      await requestToken(browser, 'api-1');
      assert.equal(countRefreshes(app), before + 1);
      app.advance(accessTokenLifetime + 1);
      assert.ok((await browser.visit('/items')).html.includes('has 200 []'));
      assert.equal(await readUser(browser), heavyUser);
    },
  },
  {
    title: 'data that does not fit in the cookies is rejected with the remedy, and the session is kept',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      const host = app.findHost('');
      const { html, headers } = await browser.visit('/api/large', {
        method: 'POST',
        headers: { origin: `http://${host}` },
        body: '7000',
      });
      const { code, message } = JSON.parse(html);
      assert.equal(code, 'cookies_too_large', html);
      assert.match(message, /set the option "store"/);
      assert.equal(headers['set-cookie'], undefined);
      assert.equal(countRefreshes(app), before);
      assert.deepEqual((await readSession(browser))?.data, {});
      assert.ok((await browser.visit('/items')).html.includes(data));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title:
      'an access token that does not fit in the cookies is reported before a refresh token is spent, and the session is kept',
    async check(app) {
      const browser = await app.logIn('alice');
      // The provider repeats the resource in the token.
      const large = `large.example/${'x'.repeat(2_400)}`;
      const before = countRefreshes(app);
      // The length is unknown: this request receives the token, and the session keeps the refresh token.
      await requestToken(browser, large);
      assert.equal(countRefreshes(app), before + 1);
      const cookies = browser.cookies();
      for (let count = 0; count < 3; count++) {
        const { html, headers } = await browser.visit(`/api/token?resource=https://${large}.example`);
        assert.deepEqual(JSON.parse(html), { code: 'cookies_too_large' });
        assert.equal(headers['set-cookie'], undefined);
      }
      assert.equal(browser.cookies(), cookies);
      assert.equal(countRefreshes(app), before + 1);
      assert.ok((await browser.visit('/items')).html.includes(data));
      await requestToken(browser, 'a');
      assert.equal(await readUser(browser), 'alice');
    },
  },
];
