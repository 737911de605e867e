import { type RefreshOutcome, type RefreshRejection, refreshRejections } from '@countersign/testing';
import { expect, test } from '@playwright/test';
import type { HttpBrowser, VisitedPage } from '../../support/http-browser.ts';
import { createDrivenClock } from '../../support/servers/driven-clock.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/next-sessions.ts';

// The provider rejects a refresh of a built application, and the response does not state that the login is over. No page
// shows a signed-in user without data. The session is kept, and a new login succeeds as soon as the provider accepts it.

/** In seconds. */
const accessTokenLifetime = 300;
/** In seconds. Longer than the pause after rejections, and than the time for which an unsuccessful login is remembered. */
const longPause = 700;

const clock = createDrivenClock();
let cookie: NextSessions;
let stored: NextSessions;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  const { environment } = clock;
  cookie = await startNextSessions({ accessTokenLifetime, environment });
  const memory = { ...environment, SESSION_STORE: 'memory' };
  stored = await startNextSessions({ accessTokenLifetime, environment: memory });
});
test.afterAll(async () => {
  await Promise.all([cookie?.stop(), stored?.stop()]);
  clock.remove();
});

function advance(seconds: number): void {
  clock.advance(seconds);
  for (const { op } of [cookie, stored]) op.clock.advance(seconds);
}

const refreshes = ({ op }: NextSessions) =>
  op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

/** Finds the URL of the login in a redirect, or in an element of a page that has started to stream. */
function findLogin({ location, html }: VisitedPage): string | undefined {
  const path = location
    ? location.pathname + location.search
    : /http-equiv="refresh" content="\d+;url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  return path?.startsWith('/auth/login') ? path : undefined;
}

/** React shows the error page of the application in place of this part of the page. */
const hasErrorPage = ({ html }: VisitedPage) => /\$RX\("B:\d+","\d+"/.test(html);

/** Logs in again at this URL. Returns the page after the login. */
async function logInAgain({ op }: NextSessions, browser: HttpBrowser, login: string): Promise<string> {
  const { location } = await browser.visit(login);
  const { url } = await op.authorize(location ?? '');
  const { status, location: page } = await browser.visit(url);
  expect(status).toBe(303);
  return page?.pathname ?? '';
}

const data = 'alice has 200 []';
const leadsToLogin: readonly RefreshOutcome[] = ['rejected', 'interaction_required'];

/** The value of `prompt` with which the login satisfies an error. */
const prompts = [
  ['login_required', 'login'],
  ['consent_required', 'consent'],
  ['account_selection_required', 'select_account'],
] as const;

const rejections = refreshRejections.filter(({ outcome }) => outcome !== 'login_ended');
/** The first two rejections with each outcome. */
const examples = rejections.filter(
  ({ outcome, name }) =>
    rejections.filter((each) => each.outcome === outcome).findIndex((each) => each.name === name) < 2,
);

interface TestedPage {
  readonly kind: 'cookie' | 'stored';
  readonly path: string;
  readonly tested: readonly RefreshRejection[];
  /** False if the page calls the API without proxy and wrapper, and shows its error. */
  readonly isWrapped: boolean;
}

const pages: readonly TestedPage[] = [
  { kind: 'cookie', path: '/items', tested: rejections, isWrapped: true },
  { kind: 'stored', path: '/items', tested: examples, isWrapped: true },
  { kind: 'stored', path: '/uncovered/wrapped', tested: examples, isWrapped: true },
  { kind: 'stored', path: '/uncovered/items', tested: examples, isWrapped: false },
];

for (const { kind, path, tested, isWrapped } of pages)
  for (const { name, failure, outcome } of tested)
    test(`C5: ${kind} session, ${path}: ${name}`, async () => {
      const app = kind === 'cookie' ? cookie : stored;
      advance(longPause);
      const browser = await app.logIn('alice');
      advance(accessTokenLifetime + 1);
      const cookies = browser.cookies();
      const start = { refreshes: refreshes(app), output: app.output().length };
      // After a rejection, the second page receives the same error without a request. While the provider is unavailable,
      // each page tries again: the proxy, and with a stored session the page too.
      const tries = kind === 'stored' && path === '/items' ? 4 : 2;
      const requests = outcome === 'unavailable' ? tries : 1;
      app.op.fail('token', { ...failure, times: requests });
      const visited = [await browser.visit(path), await browser.visit(path)];
      for (const page of visited) {
        expect(page.html).not.toContain('alice has');
        if (isWrapped && leadsToLogin.includes(outcome)) {
          expect(findLogin(page)).toContain(`returnTo=${encodeURIComponent(path)}`);
          const prompt = prompts.find(([error]) => name.includes(error))?.[1];
          expect(new URL(findLogin(page) ?? '', app.origin).searchParams.get('prompt') ?? undefined).toBe(
            prompt,
          );
        } else expect(hasErrorPage(page)).toBe(true);
      }
      expect(refreshes(app)).toBe(start.refreshes + requests);
      await expect
        .poll(() => app.output().slice(start.output))
        .toMatch(/countersign: The provider rejected|TransportError|LoginRequiredError/);
      // The session is kept, and its refresh token is used after the pause.
      expect(browser.cookies()).toBe(cookies);
      const { session } = JSON.parse((await browser.visit('/auth/session')).html);
      expect(session.user.sub).toBe('alice');
      const restored = app.open();
      expect(await logInAgain(app, restored, `/auth/login?returnTo=${path}`)).toBe(path);
      expect((await restored.visit(path)).html).toContain(data);
      advance(61);
      expect((await browser.visit(path)).html).toContain(data);
      expect(refreshes(app)).toBe(start.refreshes + requests + 1);
    });

for (const { name, failure, outcome } of [
  'an empty 400',
  'interaction_required',
  'invalid_client, 401',
  '404',
  'temporarily_unavailable, 400',
].map((name) => rejections.find((each) => each.name === name) as RefreshRejection))
  test(`C5: the browser shows the data again after: ${name}`, async ({ page, context }) => {
    advance(longPause);
    const browser = await cookie.logIn('alice');
    advance(accessTokenLifetime + 1);
    const url = `${cookie.origin}/items`;
    await context.addCookies(
      browser
        .cookies()
        .split('; ')
        .map((each) => ({
          name: each.slice(0, each.indexOf('=')),
          value: each.slice(each.indexOf('=') + 1),
          url: cookie.origin,
        })),
    );
    cookie.op.fail('token', failure);
    await page.goto(url);
    if (!leadsToLogin.includes(outcome)) {
      await expect(page.getByText(/error|could|wrong/i).first()).toBeVisible();
      await expect(page.getByText('Loading')).toHaveCount(0);
      advance(61);
      await page.reload();
    }
    await expect(page.getByText(data)).toBeVisible();
    expect(page.url()).toBe(url);
  });
