import assert from 'node:assert/strict';
import type { HttpBrowser, VisitedPage } from '../../http-browser.ts';
import { beginLogin, post, type Row, type RowApp, readUser } from '../row.ts';
import { expectItems } from '../support/expect-items.ts';

/** What a page by a function has received: `by` is its option. */
interface ReceivedPage extends Readonly<Record<string, unknown>> {
  readonly by: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  readonly returnTo: string;
}

const variant = 'page-functions';

/** Reads the response of a page by a function. The function allows caches to store it, and the library does not. */
function readPage({ headers, html }: VisitedPage): ReceivedPage {
  assert.equal(headers['cache-control'], 'private, no-store', html);
  assert.match(String(headers.vary), /cookie/i);
  return JSON.parse(html);
}

/** Logs in at the host, and receives this error of the provider. */
async function failLogin(app: RowApp, browser: HttpBrowser, error: string, returnTo: string) {
  app.op.signIn('alice');
  app.op.answerNext({ error, errorDescription: 'text of the provider' });
  return browser.visit((await app.op.authorize(await beginLogin(browser, `?returnTo=${returnTo}`))).url);
}

export const pageRows: readonly Row[] = [
  {
    title: 'functions create the pages of a denied consent and of an error, and the next login succeeds',
    async check(app) {
      for (const [error, by, status] of [
        ['access_denied', 'denied', 403],
        ['server_error', 'error', 503],
      ] as const) {
        const browser = app.open(app.findHost(variant));
        const response = await failLogin(app, browser, error, '/items?a=1');
        assert.equal(response.status, status, response.html);
        const page = readPage(response);
        assert.deepEqual(
          [page.by, page.pathname, page.code, page.reason, page.returnTo, page.homeUrl],
          [by, '/auth/callback', 'authorization_error', error, '/items?a=1', '/'],
        );
        assert.ok(!response.html.includes('text of the provider'), response.html);
        // The cookie of the failed login is deleted.
        assert.ok(!/\.login\./.test(browser.cookies()), browser.cookies());
        const login = await browser.visit(page.loginUrl);
        const finished = await browser.visit((await app.op.authorize(login.location ?? '')).url);
        assert.equal(`${finished.location?.pathname}${finished.location?.search}`, '/items?a=1');
        await expectItems(browser);
      }
    },
  },
  {
    title: 'the built-in page replaces a function that fails, and the log does not contain its message',
    async check(app) {
      const since = app.output().length;
      const { status, headers, html } = await failLogin(
        app,
        app.open(app.findHost(variant)),
        'access_denied',
        '/fail',
      );
      assert.equal(status, 403);
      assert.match(html, /<h1>Not logged in<\/h1>/);
      assert.match(String(headers['cache-control']), /no-store/);
      await app.waitForOutput(/the function for the page "denied" failed: TypeError/, since);
      assert.ok(!app.output().slice(since).includes('text of another user'));
    },
  },
  ...(['own-pages', variant] as const).map(
    (name): Row => ({
      title: `a link to the logout shows the question of the application, and a form ends the session (${name})`,
      async check(app) {
        const host = app.findHost(name);
        const browser = await app.logIn('alice', host);
        const copy = browser.cookies();
        const question = await browser.visit('/auth/logout');
        const home = `http://${host}/`;
        if (name === variant) {
          assert.equal(question.status, 200);
          const page = readPage(question);
          assert.deepEqual(
            [page.by, page.page, page.returnTo, page.logoutUrl],
            ['logout', 'logoutQuestion', home, '/auth/logout'],
          );
        } else {
          assert.equal(question.status, 303, question.html);
          assert.equal(
            `${question.location?.pathname}${question.location?.search}`,
            `/logout-question?returnTo=${encodeURIComponent(home)}`,
          );
        }
        assert.equal(await readUser(browser), 'alice');
        const form = { returnTo: home };
        const revocations = app.op.requestsTo('revocation').length;
        assert.equal((await post(browser, app, '/auth/logout', form, host)).status, 303);
        assert.equal(app.op.requestsTo('revocation').length, revocations + 1);
        for (const cookie of [browser.cookies(), copy])
          assert.equal(await readUser(app.open(host), cookie), undefined);
      },
    }),
  ),
  ...(['logged-out-page', 'logged-out-function'] as const).map(
    (name): Row => ({
      title: `after a logout at a provider that has none, the application shows its own page (${name})`,
      async check(app) {
        const host = app.findHost(name);
        const browser = await app.logIn('alice', host);
        const home = `http://${host}/`;
        const ended = await post(browser, app, '/auth/logout', { returnTo: home }, host);
        assert.equal(ended.status, 303, ended.html);
        const response = await browser.visit(ended.location ?? '');
        if (name === 'logged-out-page') {
          assert.equal(response.status, 303, response.html);
          assert.equal(response.location?.pathname, '/logged-out');
          assert.equal(response.location?.searchParams.get('returnTo'), home);
        } else {
          const page = readPage(response);
          assert.deepEqual(
            [response.status, page.by, page.page, page.returnTo],
            [200, 'loggedOut', 'providerStaysSignedIn', home],
          );
        }
        assert.equal(await readUser(browser), undefined);
      },
    }),
  ),
];
