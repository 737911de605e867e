import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBrowser, VisitedPage } from '../../http-browser.ts';
import { beginLogin, data, post, type Row, type RowApp, readUser } from '../row.ts';
import { expectItems } from '../support/expect-items.ts';

/** What the provider returns after its login page has outlived the login, as Keycloak does. */
const forgotten = { error: 'temporarily_unavailable', errorDescription: 'authentication_expired' };

/** Completes a login with the next answer of the provider. */
async function finish(app: RowApp, browser: HttpBrowser, login: URL): Promise<VisitedPage> {
  return browser.visit((await app.op.authorize(login)).url);
}

const getPath = ({ location }: VisitedPage) => location && location.pathname + location.search;

export const endedLoginRows: readonly Row[] = [
  {
    title: 'a login that the provider has forgotten starts again once, and leads to its page',
    async check(app) {
      const browser = app.open();
      app.op.signIn('alice');
      app.op.answerNext(forgotten);
      const restart = await finish(app, browser, await beginLogin(browser, '?returnTo=/items?a=1'));
      assert.equal(restart.status, 303, restart.html);
      assert.equal(restart.location?.origin, app.op.issuer);
      const finished = await finish(app, browser, restart.location as URL);
      assert.equal(finished.status, 303, finished.html);
      assert.equal(getPath(finished), '/items?a=1');
      assert.ok((await browser.visit('/items?a=1')).html.includes(data));
      // A provider that ends each login causes no endless loop.
      const signedOutBrowser = app.open();
      app.op.answerNext(forgotten);
      app.op.answerNext(forgotten);
      const again = await finish(
        app,
        signedOutBrowser,
        await beginLogin(signedOutBrowser, '?returnTo=/items?a=1'),
      );
      const failed = await finish(app, signedOutBrowser, again.location as URL);
      assert.ok(failed.status >= 400, String(failed.status));
      assert.match(failed.html, /href="\/auth\/login\?returnTo=%2Fitems%3Fa%3D1"/);
    },
  },
  {
    title: 'a failed login leads to the page of the application, with code, reason and the wanted page',
    async check(app) {
      app.op.signIn('alice');
      for (const [error, path] of [
        ['access_denied', '/denied'],
        // Auth0 denies a login before the e-mail address is verified.
        ['unauthorized', '/denied'],
        ['server_error', '/login-error'],
      ] as const) {
        const browser = app.open(app.findHost('own-pages'));
        app.op.answerNext({ error, errorDescription: 'Please verify your email address' });
        const page = await finish(app, browser, await beginLogin(browser, '?returnTo=/items?a=1'));
        assert.equal(page.status, 303, page.html);
        assert.equal(page.location?.pathname, path, error);
        assert.deepEqual(Object.fromEntries(page.location?.searchParams ?? []), {
          code: 'authorization_error',
          reason: error,
          returnTo: '/items?a=1',
        });
      }
    },
  },
  {
    title: 'the page of a denied login is in the language of the user, and offers the login again',
    async check(app) {
      app.op.signIn('alice');
      for (const [error, language, title] of [
        ['access_denied', 'de-AT, en;q=0.5', 'Nicht angemeldet'],
        ['unauthorized', 'de', 'Nicht angemeldet'],
        ['unauthorized', 'fr', 'Not logged in'],
      ] as const) {
        const browser = app.open(app.findHost('german'));
        app.op.answerNext({ error, errorDescription: 'Please verify your email address' });
        const { url } = await app.op.authorize(await beginLogin(browser, '?returnTo=/items?a=1'));
        const page = await browser.visit(url, { headers: { 'accept-language': language } });
        assert.equal(page.status, 403);
        assert.ok(page.html.includes(title), page.html);
        assert.match(page.html, new RegExp(`<html lang="${language.startsWith('de') ? 'de' : 'en'}"`));
        assert.match(page.html, /href="\/auth\/login\?returnTo=%2Fitems%3Fa%3D1"/);
        // The user has verified the address.
        assert.equal((await finish(app, browser, await beginLogin(browser))).status, 303);
        assert.equal(await readUser(browser), 'alice');
      }
    },
  },
  ...['', 'stored'].flatMap((variant): Row[] => [
    {
      title: `S88: a logout during the code exchange in another tab prevents the session (${variant || 'cookie'})`,
      async check(app) {
        const host = app.findHost(variant);
        const browser = app.open(host);
        app.op.signIn('alice');
        const { url } = await app.op.authorize(await beginLogin(browser));
        const before = app.op.requestsTo('token').length;
        const release = app.op.hold('token');
        const callback = browser.visit(url);
        while (app.op.requestsTo('token').length === before) await delay(20);
        assert.equal((await post(browser, app, '/auth/logout', {}, host)).status, 303);
        release();
        assert.equal((await callback).status, 401);
        assert.equal(await readUser(browser), undefined);
        app.advance(1);
        assert.equal(await readUser(await app.logIn('alice', host)), 'alice');
      },
    },
    {
      title: `S88: a login that was pending during a logout begins no session (${variant || 'cookie'})`,
      async check(app) {
        const host = app.findHost(variant);
        const browser = await app.logIn('alice', host);
        const { url } = await app.op.authorize(await beginLogin(browser));
        const copy = browser.cookies();
        assert.equal((await post(browser, app, '/auth/logout', {}, host)).status, 303);
        assert.ok(!/\.login\./.test(browser.cookies()), browser.cookies());
        // The callback arrives with the cookies that the browser had, and without them.
        for (const cookie of [copy, browser.cookies()]) {
          const finished = await app.open(host).visit(url, { cookie });
          assert.equal(finished.status, 401, finished.html);
          assert.ok(!(finished.headers['set-cookie'] ?? []).some((line) => /^session=[^;]/.test(line)));
        }
        assert.equal(await readUser(app.open(host), copy), undefined);
      },
    },
  ]),
  {
    title: 'S89: a logout with a cookie that has expired ends the session of a copy that was used since',
    async check(app) {
      const host = app.findHost('two-hours');
      const copy = await app.logIn('alice', host);
      const expired = copy.cookies();
      for (let uses = 0; uses < 3; uses++) {
        app.advance(3_000);
        await expectItems(copy);
      }
      assert.equal(await readUser(app.open(host), expired), undefined);
      assert.equal(await readUser(copy), 'alice');
      const revocations = app.op.requestsTo('revocation').length;
      const form = new URLSearchParams();
      const headers = { origin: `http://${host}` };
      const logout = await app.open(host).visit('/auth/logout', { form, headers, cookie: expired });
      assert.equal(logout.status, 303);
      assert.equal(await readUser(copy), undefined);
      assert.equal(app.op.requestsTo('revocation').length, revocations + 1);
    },
  },
];
