import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { VisitedPage } from '../http-browser.ts';
import { accessTokenLifetime, beginLogin, data, post, type Row, type RowApp, readUser } from './row.ts';

/** A logout token of the provider for the signed-in user. */
async function postLogoutToken(app: RowApp, host: string, logoutToken: string): Promise<number> {
  const form = new URLSearchParams({ logout_token: logoutToken });
  return (await app.open(host).visit('/auth/backchannel-logout', { form })).status;
}

/** The fields of the form that repeats a logout. */
const readFields = ({ html }: VisitedPage): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );

export const logoutRows: readonly Row[] = [
  {
    title: 'S63: a logout token whose deletion fails once succeeds at the second try',
    async check(app) {
      const host = app.findHost('stored');
      const browser = await app.logIn('alice', host);
      const logoutToken = await app.op.mintLogoutToken({ aud: 'web' });
      await app.setFaults({ delete: 1 });
      assert.equal(await postLogoutToken(app, host, logoutToken), 503);
      await app.setFaults({});
      assert.equal(await postLogoutToken(app, host, logoutToken), 200);
      assert.equal(await readUser(browser), undefined);
      assert.equal(await postLogoutToken(app, host, logoutToken), 400);
    },
  },
  ...['', 'stored'].map(
    (variant): Row => ({
      title: `S82: no session begins if a logout token is confirmed during the code exchange (${variant || 'cookie'})`,
      async check(app) {
        const host = app.findHost(variant);
        const browser = app.open(host);
        app.op.signIn('alice');
        const { url } = await app.op.authorize(await beginLogin(browser));
        const logoutToken = await app.op.mintLogoutToken({ aud: 'web' });
        const before = app.op.requestsTo('token').length;
        const release = app.op.hold('token');
        const callback = browser.visit(url);
        while (app.op.requestsTo('token').length === before) await delay(20);
        assert.equal(await postLogoutToken(app, host, logoutToken), 200);
        release();
        assert.equal((await callback).status, 401);
        assert.equal(await readUser(browser), undefined);
        app.advance(1);
        assert.equal(await readUser(await app.logIn('alice', host)), 'alice');
      },
    }),
  ),
  {
    title: 'S80: a logout while the store fails is reported, ends at the provider, and can be repeated',
    async check(app) {
      const host = app.findHost('stored');
      const browser = await app.logIn('alice', host);
      const copy = browser.cookies();
      const since = app.output().length;
      await app.setFaults({ delete: 1_000, set: 1_000 });
      const failed = await post(browser, app, '/auth/logout', {}, host);
      assert.equal(failed.status, 503);
      assert.match(String(failed.headers['retry-after']), /^\d+$/);
      assert.match(failed.html, /Logout is not complete/);
      assert.ok(failed.html.includes(`${app.op.issuer}/end-session?`));
      await app.waitForOutput(/countersign: logout: 503 store_unavailable/, since);
      const again = await post(browser, app, '/auth/logout', readFields(failed), host);
      assert.equal(again.status, 503);
      await app.setFaults({});
      const done = await post(browser, app, '/auth/logout', readFields(again), host);
      assert.equal(done.status, 303, done.html);
      assert.equal(await readUser(app.open(host), copy), undefined);
    },
  },
  {
    title:
      'S15: a session whose lifetime a deployment has shortened stays ended after a logout and its tombstone',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('two-hours'));
      const cookie = browser.cookies();
      const short = app.open(app.findHost('ten-minutes'));
      assert.equal(await readUser(short, cookie), 'alice');
      const host = app.findHost('ten-minutes');
      await short.visit('/auth/logout', {
        form: new URLSearchParams(),
        headers: { origin: `http://${host}`, cookie },
      });
      app.advance(1_300);
      for (const variant of ['ten-minutes', 'two-hours', ''])
        assert.equal(await readUser(app.open(app.findHost(variant)), cookie), undefined, variant);
    },
  },
  {
    title: 'S3: a shorter lifetime binds sessions that began before the deployment',
    async check(app) {
      const browser = await app.logIn('alice', app.findHost('two-hours'));
      const cookie = browser.cookies();
      app.advance(650);
      assert.equal(await readUser(app.open(app.findHost('ten-minutes')), cookie), undefined);
      assert.equal(await readUser(app.open(app.findHost('two-hours')), cookie), 'alice');
    },
  },
  {
    title: 'S81: a logout revokes the refresh token that arrives after it',
    async check(app) {
      const browser = await app.logIn('alice');
      const cookie = browser.cookies();
      app.advance(accessTokenLifetime + 1);
      const [tokens, revocations] = ['token', 'revocation'].map(
        (endpoint) => app.op.requestsTo(endpoint as 'token').length,
      ) as [number, number];
      const release = app.op.hold('token');
      const page = browser.visit('/api/token', { cookie });
      while (app.op.requestsTo('token').length === tokens) await delay(20);
      const logout = post(browser, app, '/auth/logout');
      // The logout does not wait for the refresh.
      await logout;
      release();
      assert.equal((await logout).status, 303);
      assert.ok(!JSON.parse((await page).html).token);
      while (app.op.requestsTo('revocation').length === revocations) await delay(20);
      assert.equal(await readUser(app.open(), cookie), undefined);
    },
  },
  ...['two-hours', 'two-hours-stored'].flatMap((variant) =>
    ['/items', '/api/protected', '/auth/session'].map(
      (path): Row => ({
        title: `S3: a session that is used every 10 minutes at ${path} does not expire (${variant})`,
        async check(app) {
          const browser = await app.logIn('alice', app.findHost(variant));
          for (let minutes = 0; minutes <= 180; minutes += 10) {
            const { status, html } = await browser.visit(path);
            assert.equal(status, 200, `after ${minutes} minutes`);
            assert.match(html, /alice/, `after ${minutes} minutes`);
            app.advance(600);
          }
          assert.ok((await browser.visit('/items')).html.includes(data));
        },
      }),
    ),
  ),
];
