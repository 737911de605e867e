import assert from 'node:assert/strict';
import { refreshRejections } from '@countersign/testing';
import { accessTokenLifetime, countCookies, countRefreshes, data, findLogin, type Row } from '../row.ts';
import { callAction } from '../support/call-action.ts';
import { expectFailure } from '../support/expect-failure.ts';

/**
 * In seconds: longer than the pause after rejections, and than the time for which an unsuccessful login is remembered.
 */
const longPause = 700;

/** `rejected-refresh-rows.ts` has the responses with other outcomes. */
const rejections = refreshRejections.filter(({ outcome }) => outcome === 'login_ended');

export const refreshRows: readonly Row[] = [
  ...['/items', '/uncovered/items'].map(
    (path) =>
      ({
        title: `S60: ${path} is rendered when the API rejects the token once during rendering`,
        async check(app) {
          const browser = await app.logIn('alice', app.findHost('stored'));
          app.api.requests.length = 0;
          app.api.rejections = 1;
          assert.ok((await browser.visit(path)).html.includes(data));
          assert.equal(app.api.requests.length, 2);
          app.api.rejections = 2;
          assert.ok((await browser.visit(path)).html.includes('alice has 401'));
          app.api.rejections = 0;
        },
      }) satisfies Row,
  ),
  {
    title: 'S61: a refresh token is not spent for the page to which an action redirects',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      // Next drops the cookies of the page to which it redirects.
      const call = { name: 'onlyRedirect', by: 'router', path: '/uncovered/rename' } as const;
      const response = await callAction(app, browser, call);
      assert.match(String(response.headers['x-action-redirect']), /^\/items/);
      assert.equal(countRefreshes(app), before);
      // The browser requests the page itself.
      assert.ok((await browser.visit('/items')).html.includes(data));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title: 'a page shows its error when the provider responds to the refresh with 503 or a redirect',
    async check(app) {
      for (const { cause, ...failure } of [
        { status: 503, body: 'unavailable', cause: /server_error/ },
        { status: 302, headers: { location: '/elsewhere' }, cause: /response_malformed/ },
      ]) {
        app.advance(longPause);
        const since = app.output().length;
        const browser = await app.logIn('alice');
        app.advance(accessTokenLifetime + 1);
        app.op.fail('token', { ...failure, times: 1 });
        const page = await browser.visit('/items');
        assert.equal(findLogin(page), undefined);
        expectFailure(page, cause);
        await app.waitForOutput(cause, since);
        assert.doesNotMatch(app.output().slice(since), /timeout|whose matcher covers/);
        app.advance(longPause);
        assert.ok((await browser.visit('/items')).html.includes(data));
      }
    },
  },
  ...rejections.map(
    ({ name, failure }) =>
      ({
        title: `C5: a refresh that is rejected with ${name} leads to the login and is sent once`,
        async check(app) {
          app.advance(longPause);
          const browser = await app.logIn('alice');
          app.advance(accessTokenLifetime + 1);
          const before = countRefreshes(app);
          app.op.fail('token', { ...failure, times: 1 });
          for (const path of ['/items', '/items', '/items?page=2']) {
            const page = await browser.visit(path);
            assert.ok(!page.html.includes('alice has'), path);
            assert.ok(
              findLogin(page)?.includes(`returnTo=${encodeURIComponent(path)}`),
              findLogin(page) ?? page.html,
            );
          }
          assert.equal(countRefreshes(app), before + 1);
        },
      }) satisfies Row,
  ),
  {
    title: 'a late request with the previous cookie receives the same token, and spends nothing',
    async check(app) {
      const browser = await app.logIn('alice');
      const previous = browser.cookies();
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      const first = await browser.visit('/api/token');
      assert.notEqual(browser.cookies(), previous);
      const late = await browser.visit('/api/token', { cookie: previous });
      assert.deepEqual(JSON.parse(late.html), JSON.parse(first.html));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title: 'K9: a late request spends nothing while the shared successor store fails',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('successors'));
      const previous = browser.cookies();
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      await app.setFaults({ successors: 100 });
      const first = await browser.visit('/api/token');
      const late = await browser.visit('/api/token', { cookie: previous });
      await app.setFaults({});
      assert.ok(JSON.parse(first.html).token, first.html);
      assert.deepEqual(JSON.parse(late.html), JSON.parse(first.html));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
  {
    title: 'a token is sent to an API by plain http that the application has named, and to no other address',
    async check(app) {
      const browser = await app.logIn('alice');
      assert.ok((await browser.visit('/items')).html.includes(data));
      const sent = app.api.requests.length;
      const { code } = JSON.parse((await browser.visit('/api/token?address=http://localhost:1/items')).html);
      assert.equal(code, 'invalid_option');
      assert.equal(app.api.requests.length, sent);
    },
  },
  {
    title: 'HEAD has the status and headers of GET, and no body: it refreshes, and sets the cookie',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const before = countRefreshes(app);
      const page = await browser.visit('/items', { method: 'HEAD' });
      assert.equal(page.status, 200);
      assert.equal(page.html, '');
      assert.equal(countCookies(page).session, 1);
      for (const path of [
        '/auth/session',
        '/auth/logout',
        '/auth/unknown',
        '/api/protected',
        '/api/pages/me',
      ]) {
        const [get, head] = [await browser.visit(path), await browser.visit(path, { method: 'HEAD' })];
        assert.equal(head.status, get.status, path);
        assert.equal(head.html, '', path);
        assert.equal(head.headers['cache-control'], get.headers['cache-control'], path);
      }
      assert.equal((await browser.visit('/auth/login', { method: 'HEAD' })).status, 303);
      const signedOutBrowser = app.open();
      const rejected = await signedOutBrowser.visit('/items', { method: 'HEAD' });
      assert.ok(findLogin(rejected), String(rejected.status));
      assert.equal((await signedOutBrowser.visit('/api/protected', { method: 'HEAD' })).status, 401);
      assert.ok((await browser.visit('/items')).html.includes(data));
      assert.equal(countRefreshes(app), before + 1);
    },
  },
];
