import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { accessTokenLifetime, beginLogin, data, post, postLogoutToken, type Row, readUser } from '../row.ts';

export const logoutRows: readonly Row[] = [
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
      const count = (endpoint: 'token' | 'revocation') => app.op.requestsTo(endpoint).length;
      const [tokens, revocations] = [count('token'), count('revocation')];
      const releaseTokens = app.op.hold('token');
      const page = browser.visit('/api/token', { cookie });
      while (count('token') === tokens) await delay(20);
      const spent = app.op.requestsTo('token').at(-1)?.body.refresh_token;
      // The provider handles the revocation after the refresh. It would reject the refresh of a revoked token.
      const releaseRevocations = app.op.hold('revocation');
      const logout = post(browser, app, '/auth/logout');
      while (count('revocation') === revocations) await delay(20);
      releaseTokens();
      while (count('revocation') === revocations + 1) await delay(20);
      releaseRevocations();
      assert.equal((await logout).status, 303);
      assert.ok(!JSON.parse((await page).html).token);
      const revoked = app.op.requestsTo('revocation').slice(revocations);
      assert.deepEqual(
        revoked.map(({ body }) => [body.token === spent, body.token_type_hint]),
        [
          [true, 'refresh_token'],
          [false, 'refresh_token'],
        ],
      );
      assert.equal(await readUser(app.open(), cookie), undefined);
    },
  },
  ...['two-hours', 'two-hours-stored'].flatMap((variant) =>
    ['/items', '/api/protected', '/auth/session'].map(
      (path, index): Row => ({
        isVariation: index > 0,
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
