import assert from 'node:assert/strict';
import { type Fault, refreshRejections } from '@countersign/testing';
import { expectItems } from './expect-items.ts';
import { accessTokenLifetime, countRefreshes, findLogin, type Row, type RowApp, readUser } from './row.ts';

/** In seconds: longer than the pause after rejections. */
const longPause = 700;

/** Rejections for which the user cannot do anything. */
const rejectionsWithoutLogin = refreshRejections.filter(({ name }) =>
  ['invalid_client, 401', 'invalid_grant, 503'].includes(name),
);

async function withFault(app: RowApp, fault: Fault, check: () => Promise<void>): Promise<void> {
  app.op.faults.add(fault);
  try {
    await check();
  } finally {
    app.op.faults.delete(fault);
  }
}

const readRefreshTokens = ({ op }: RowApp) =>
  op
    .requestsTo('token')
    .filter(({ body }) => body.grant_type === 'refresh_token')
    .map(({ body }) => body.refresh_token);

export const refreshResponseRows: readonly Row[] = [
  ...['', 'stored'].flatMap((variant): Row[] => {
    const kind = variant || 'cookie';
    return [
      {
        title: `members of a refresh response that are null or empty are absent (${kind})`,
        async check(app) {
          app.advance(longPause);
          const browser = await app.logIn('alice', app.findHost(variant));
          await withFault(app, 'id_token_claims_null', async () => {
            app.advance(accessTokenLifetime + 1);
            await expectItems(browser);
          });
          for (const absent of [null, '']) {
            app.advance(accessTokenLifetime + 1);
            const body = JSON.stringify({
              ...{ access_token: 'new', token_type: 'Bearer', expires_in: accessTokenLifetime },
              ...{ refresh_token: absent, id_token: absent, scope: absent },
            });
            app.op.fail('token', {
              status: 200,
              headers: { 'content-type': 'application/json' },
              body,
              times: 1,
            });
            await expectItems(browser);
            assert.equal(app.api.requests.at(-1), 'Bearer new');
            app.advance(accessTokenLifetime + 1);
            await expectItems(browser);
            // The response without a refresh token has kept the previous one.
            const [first, second] = readRefreshTokens(app).slice(-2);
            assert.ok(first);
            assert.equal(second, first);
          }
          assert.equal(await readUser(browser), 'alice');
        },
      },
      {
        title: `C1: a refreshed ID token of the same user never ends the login, and one of another user does (${kind})`,
        async check(app) {
          app.advance(longPause);
          const browser = await app.logIn('alice', app.findHost(variant));
          for (const fault of [
            'id_token_auth_time_changed',
            'id_token_aud_secondary',
            'id_token_nonce_added',
          ] as const) {
            const before = countRefreshes(app);
            await withFault(app, fault, async () => {
              app.advance(accessTokenLifetime + 1);
              await expectItems(browser, fault);
            });
            app.advance(accessTokenLifetime + 1);
            await expectItems(browser, `after ${fault}`);
            assert.equal(countRefreshes(app), before + 2, fault);
          }
          await withFault(app, 'id_token_sub_invalid', async () => {
            app.advance(accessTokenLifetime + 1);
            const page = await browser.visit('/items');
            assert.ok(!page.html.includes('alice has'));
            assert.ok(findLogin(page)?.includes(`returnTo=${encodeURIComponent('/items')}`), page.html);
          });
        },
      },
    ];
  }),
  ...rejectionsWithoutLogin.map(
    ({ name, failure, outcome }): Row => ({
      title: `C5: a refresh that is rejected with ${name} leads to no login, and the session stays`,
      async check(app) {
        app.advance(longPause);
        const browser = await app.logIn('alice');
        app.advance(accessTokenLifetime + 1);
        const before = countRefreshes(app);
        const logins = app.op.requestsTo('authorization').length;
        const since = app.output().length;
        // While the provider is unavailable, each page tries again.
        const requests = outcome === 'unavailable' ? 2 : 1;
        app.op.fail('token', { ...failure, times: requests });
        for (const path of ['/items', '/items?page=2']) {
          const page = await browser.visit(path);
          assert.ok(!page.html.includes('alice has'), path);
          assert.equal(findLogin(page), undefined, path);
        }
        assert.equal(countRefreshes(app), before + requests);
        await app.waitForOutput(/countersign: The provider rejected|TransportError/, since);
        assert.equal(await readUser(browser), 'alice');
        app.advance(61);
        await expectItems(browser);
        assert.equal(countRefreshes(app), before + requests + 1);
        assert.equal(app.op.requestsTo('authorization').length, logins);
      },
    }),
  ),
];
