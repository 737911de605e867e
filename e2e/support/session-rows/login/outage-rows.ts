import assert from 'node:assert/strict';
import type { VisitedPage } from '../../http-browser.ts';
import { beginLogin, post, postLogoutToken, type Row, readUser } from '../row.ts';
import { callAction } from '../support/call-action.ts';
import { expectSessionsKept } from '../support/expect-sessions-kept.ts';

// The store fails: the session store, or the tombstones of cookie sessions. A user is neither signed in nor signed out.

/** The fields of the form that repeats a logout. */
const readFields = ({ html }: VisitedPage): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

/** Sends the headers of a script of the same origin. */
const headers = { 'sec-fetch-site': 'same-origin' };

export const outageRows: readonly Row[] = [
  ...[
    { variant: 'stored', faults: { delete: 1 } },
    { variant: 'tombstoned', faults: { set: 1 } },
  ].map(
    ({ variant, faults }): Row => ({
      title: `S63: a logout token whose logout fails once succeeds at the second try (${variant})`,
      async check(app) {
        const host = app.findHost(variant);
        const browser = await app.logIn('alice', host);
        const copy = browser.cookies();
        const logoutToken = await app.op.mintLogoutToken({ aud: 'web' });
        await app.setFaults(faults);
        assert.equal(await postLogoutToken(app, host, logoutToken), 503);
        await app.setFaults({});
        assert.equal(await postLogoutToken(app, host, logoutToken), 200);
        assert.equal(await readUser(browser), undefined);
        assert.equal(await readUser(app.open(host), copy), undefined);
        assert.equal(await postLogoutToken(app, host, logoutToken), 400);
      },
    }),
  ),
  ...['stored', 'tombstoned'].map(
    (variant): Row => ({
      title: `S80: a logout while the store fails is reported, revokes the refresh token, ends at the provider, and can be repeated (${variant})`,
      async check(app) {
        const host = app.findHost(variant);
        const browser = await app.logIn('alice', host);
        const copy = browser.cookies();
        const since = app.output().length;
        const revocations = app.op.requestsTo('revocation').length;
        await app.setFaults({ delete: 1_000_000, set: 1_000_000 });
        const failed = await post(browser, app, '/auth/logout', {}, host);
        assert.equal(failed.status, 503);
        assert.match(String(failed.headers['retry-after']), /^\d+$/);
        assert.match(failed.html, /Logout is not complete/);
        assert.ok(failed.html.includes(`${app.op.issuer}/end-session?`));
        assert.equal(app.op.requestsTo('revocation').length, revocations + 1);
        // The browser has no session, and this process rejects a copy of the cookie.
        assert.equal(await readUser(browser), undefined);
        assert.equal(await readUser(app.open(host), copy), undefined);
        await app.waitForOutput(/countersign: logout: 503 store_unavailable/, since);
        const again = await post(browser, app, '/auth/logout', readFields(failed), host);
        assert.equal(again.status, 503);
        await app.setFaults({});
        const done = await post(browser, app, '/auth/logout', readFields(again), host);
        assert.equal(done.status, 303, done.html);
        assert.equal(await readUser(app.open(host), copy), undefined);
        // A repetition may revoke the same token again.
        const revoked = app.op.requestsTo('revocation').slice(revocations);
        assert.equal(new Set(revoked.map(({ body }) => body.token)).size, 1);
      },
    }),
  ),
  ...['stored', 'tombstoned'].map(
    (variant): Row => ({
      title: `S9: while the store is unavailable, a signed-in user receives 503 with Retry-After, and keeps the session (${variant})`,
      async check(app) {
        await expectSessionsKept(app, variant, async ({ browser }) => {
          for (const path of [
            '/items',
            '/auth/session',
            '/auth/access-token',
            '/api/protected',
            '/api/uncovered/protected',
          ]) {
            const { status, headers: received, location } = await browser.visit(path, { headers });
            assert.equal(status, 503, path);
            assert.match(String(received['retry-after']), /^\d+$/, path);
            assert.equal(location, undefined, path);
            assert.equal(received['set-cookie'], undefined, path);
          }
          assert.equal((await browser.visit('/')).status, 200);
        });
      },
    }),
  ),
  ...['stored', 'tombstoned'].map(
    (variant): Row => ({
      title: `S9: while the store is unavailable, what no proxy or wrapper protects fails, and no user is signed out (${variant})`,
      async check(app) {
        await expectSessionsKept(app, variant, async ({ browser, host }) => {
          const forwarded = await browser.visit('/api/uncovered/forwarded', { headers });
          // Next has sent the shell of the page, so the status stays 200.
          const page = await browser.visit('/uncovered/items');
          const action = await callAction(app, browser, { name: 'readSub', by: 'router', host });
          // Next responds with 500 to an error that a handler or an action throws.
          assert.deepEqual([forwarded.status, page.status, action.status], [500, 200, 500]);
          for (const { html } of [page, action]) assert.match(html, /"store_unavailable"/);
          for (const { location, headers: received } of [forwarded, page, action]) {
            assert.equal(location, undefined);
            assert.equal(received['set-cookie'], undefined);
          }
        });
      },
    }),
  ),
  {
    title:
      'S9: a callback while the store is unavailable receives 503 with Retry-After, and starts no session',
    async check(app) {
      const host = app.findHost('stored');
      const browser = app.open(host);
      app.op.signIn('alice');
      const { url } = await app.op.authorize(await beginLogin(browser));
      await app.setFaults({ get: 1_000_000, set: 1_000_000 });
      const { status, headers: received } = await browser.visit(url);
      await app.setFaults({});
      assert.equal(status, 503);
      assert.match(String(received['retry-after']), /^\d+$/);
      assert.equal(await readUser(browser), undefined);
      assert.equal(await readUser(await app.logIn('alice', host)), 'alice');
    },
  },
];
