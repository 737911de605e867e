import assert from 'node:assert/strict';
import { type RefreshOutcome, type RefreshRejection, refreshRejections } from '@countersign/testing';
import type { HttpBrowser } from '../../http-browser.ts';
import {
  accessTokenLifetime,
  countRefreshes,
  data,
  findLogin,
  type Row,
  type RowApp,
  readUser,
} from '../row.ts';
import { expectFailure } from '../support/expect-failure.ts';
import { expectItems } from '../support/expect-items.ts';

// The provider rejects a refresh, and the response does not state that the login is over. No page shows a signed-in user
// without data. The session is kept, and a new login succeeds as soon as the provider accepts it.

/** In seconds: longer than the pause after rejections, and than the time for which an unsuccessful login is remembered. */
const longPause = 700;

const leadsToLogin: readonly RefreshOutcome[] = ['rejected', 'interaction_required'];

/** The value of `prompt` with which the login satisfies an error. */
const prompts = [
  ['login_required', 'login'],
  ['consent_required', 'consent'],
  ['account_selection_required', 'select_account'],
] as const;

/** A rejection after which the session is kept. */
interface TestedRejection extends RefreshRejection {
  readonly outcome: Exclude<RefreshOutcome, 'login_ended'>;
}

const rejections = refreshRejections.filter(
  (each): each is TestedRejection => each.outcome !== 'login_ended',
);
/** The first two rejections with each outcome. */
const examples = rejections.filter(
  ({ outcome, name }) =>
    rejections.filter((each) => each.outcome === outcome).findIndex((each) => each.name === name) < 2,
);

interface TestedPage {
  readonly variant: '' | 'stored';
  readonly path: string;
  readonly tested: readonly TestedRejection[];
  /** False if the page calls the API without proxy and wrapper, and shows its error. */
  readonly isWrapped: boolean;
}

const pages: readonly TestedPage[] = [
  { variant: '', path: '/items', tested: rejections, isWrapped: true },
  { variant: 'stored', path: '/items', tested: examples, isWrapped: true },
  { variant: 'stored', path: '/uncovered/wrapped', tested: examples, isWrapped: true },
  { variant: 'stored', path: '/uncovered/items', tested: examples, isWrapped: false },
];

/** Logs in again at this URL. Returns the page after the login. */
async function logInAgain({ op }: RowApp, browser: HttpBrowser, login: string): Promise<string | undefined> {
  const { location } = await browser.visit(login);
  const { url } = await op.authorize(location ?? '');
  const finished = await browser.visit(url);
  assert.equal(finished.status, 303, finished.html);
  return finished.location?.pathname;
}

async function checkRejection(
  app: RowApp,
  { variant, path, isWrapped }: TestedPage,
  { name, failure, outcome }: TestedRejection,
): Promise<void> {
  app.advance(longPause);
  const host = app.findHost(variant);
  const browser = await app.logIn('alice', host);
  app.advance(accessTokenLifetime + 1);
  const [cookies, before, since] = [browser.cookies(), countRefreshes(app), app.output().length];
  // After a rejection, the second page receives the same error without a request. While the provider is unavailable, each
  // page tries again: the proxy, and with a stored session the page too.
  const tries = variant === 'stored' && path === '/items' ? 4 : 2;
  const requests = outcome === 'unavailable' ? tries : 1;
  app.op.fail('token', { ...failure, times: requests });
  for (const page of [await browser.visit(path), await browser.visit(path)]) {
    if (isWrapped && leadsToLogin.includes(outcome)) {
      assert.ok(!page.html.includes('alice has'));
      const login = findLogin(page);
      assert.ok(login !== undefined, page.html);
      assert.ok(login.includes(`returnTo=${encodeURIComponent(path)}`), login);
      const prompt = prompts.find(([error]) => name.includes(error))?.[1];
      assert.equal(new URL(login, app.origin).searchParams.get('prompt') ?? undefined, prompt);
    } else {
      assert.equal(findLogin(page), undefined);
      expectFailure(page, codes[outcome]);
    }
  }
  assert.equal(countRefreshes(app), before + requests);
  await app.waitForOutput(/countersign: The provider rejected|TransportError|LoginRequiredError/, since);
  // The session is kept, and its refresh token is used after the pause.
  assert.equal(browser.cookies(), cookies);
  assert.equal(await readUser(browser), 'alice');
  const restored = app.open(host);
  app.op.signIn('alice');
  assert.equal(await logInAgain(app, restored, `/auth/login?returnTo=${path}`), path);
  assert.ok((await restored.visit(path)).html.includes(data));
  app.advance(61);
  assert.ok((await browser.visit(path)).html.includes(data));
  assert.equal(countRefreshes(app), before + requests + 1);
}

/** The code of the error that a page shows. */
const codes: Readonly<Record<TestedRejection['outcome'], RegExp>> = {
  interaction_required: /interaction_required/,
  client_rejected: /client_rejected/,
  rejected: /refresh_rejected/,
  unavailable: /server_error|temporarily_unavailable/,
};

/** Answers of providers to a dead refresh token that only their presets recognize. */
const presets = [
  {
    variant: 'dex',
    body: { error: 'invalid_request', error_description: 'Refresh token expired.' },
    status: 400,
  },
  { variant: 'github', body: { error: 'bad_refresh_token' }, status: 200 },
  { variant: 'github', body: { error: 'unauthorized_client' }, status: 200 },
  { variant: 'atlassian', body: { error: 'unauthorized_client' }, status: 403 },
];

export const rejectedRefreshRows: readonly Row[] = [
  ...pages.flatMap((page) =>
    page.tested.map(
      (rejection, index): Row => ({
        isVariation: index > 0,
        title: `C5: ${page.variant || 'cookie'} session, ${page.path}: a refresh that is rejected with ${rejection.name} ends no session`,
        check: (app) => checkRejection(app, page, rejection),
      }),
    ),
  ),
  ...presets.map(
    ({ variant, body, status }): Row => ({
      title: `C5: with the preset ${variant}, ${status} ${body.error} ends the login, and the log names no other cause`,
      async check(app) {
        app.advance(longPause);
        const browser = await app.logIn('alice', app.findHost(variant));
        await expectItems(browser);
        app.advance(accessTokenLifetime + 1);
        const [before, since] = [countRefreshes(app), app.output().length];
        const headers = { 'content-type': 'application/json' };
        app.op.fail('token', { status, headers, body: JSON.stringify(body), times: 1 });
        for (let visit = 0; visit < 2; visit++) {
          const page = await browser.visit('/items');
          assert.ok(!page.html.includes('alice has'));
          assert.ok(findLogin(page)?.includes('returnTo=%2Fitems'), findLogin(page) ?? page.html);
        }
        assert.equal(countRefreshes(app), before + 1);
        assert.ok(!/(^|; )session=/.test(browser.cookies()), browser.cookies());
        assert.equal(await readUser(browser), undefined);
        assert.doesNotMatch(app.output().slice(since), /whose matcher covers/);
      },
    }),
  ),
];
