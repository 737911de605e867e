import assert from 'node:assert/strict';
import type { Fault } from '@countersign/testing';
import { accessTokenLifetime, countRefreshes, findLogin, type Row, type RowApp, readUser } from '../row.ts';
import { expectItems } from '../support/expect-items.ts';

/** In seconds: longer than the pause after rejections. */
const longPause = 700;

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

/** Responds to the next refresh. */
function respondToRefresh(app: RowApp, body: object): void {
  const headers = { 'content-type': 'application/json' };
  app.op.fail('token', { status: 200, headers, body: JSON.stringify(body), times: 1 });
}

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
            respondToRefresh(app, {
              ...{ access_token: 'new', token_type: 'Bearer', expires_in: accessTokenLifetime },
              ...{ refresh_token: absent, id_token: absent, scope: absent },
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
        title: `an access token whose expires_in is null or empty has no expiry, and costs no session (${kind})`,
        async check(app) {
          app.advance(longPause);
          for (const absent of [null, '']) {
            const browser = await app.logIn('alice', app.findHost(variant));
            app.advance(accessTokenLifetime + 1);
            const before = countRefreshes(app);
            respondToRefresh(app, { access_token: 'new', token_type: 'Bearer', expires_in: absent });
            await expectItems(browser);
            app.advance(accessTokenLifetime + 1);
            await expectItems(browser);
            assert.equal(app.api.requests.at(-1), 'Bearer new');
            assert.equal(countRefreshes(app), before + 1);
            assert.equal(await readUser(browser), 'alice');
            // A page cannot write the cookie that a refresh needs.
            if (variant === '') continue;
            app.api.rejections = 1;
            await expectItems(browser);
            assert.notEqual(app.api.requests.at(-1), 'Bearer new');
            assert.equal(countRefreshes(app), before + 2);
          }
        },
      },
      {
        title: `C1: an ID token of a refresh with an empty nonce costs no other token (${kind})`,
        async check(app) {
          app.advance(longPause);
          const browser = await app.logIn('alice', app.findHost(variant));
          app.advance(accessTokenLifetime + 1);
          const before = countRefreshes(app);
          respondToRefresh(app, {
            ...{ access_token: 'new', token_type: 'Bearer', expires_in: accessTokenLifetime },
            id_token: await app.op.mintIdToken({ nonce: '' }),
          });
          await expectItems(browser);
          assert.equal(app.api.requests.at(-1), 'Bearer new');
          app.advance(accessTokenLifetime + 1);
          await expectItems(browser);
          assert.equal(countRefreshes(app), before + 2);
          assert.equal(await readUser(browser), 'alice');
        },
      },
      {
        title: `C1: a refreshed ID token of the same user never ends the login (${kind})`,
        async check(app) {
          app.advance(longPause);
          const browser = await app.logIn('alice', app.findHost(variant));
          for (const fault of [
            'id_token_auth_time_changed',
            'id_token_aud_secondary',
            'id_token_nonce_added',
            'id_token_at_hash_invalid',
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
        },
      },
      {
        title: `C1: a refreshed ID token with another sub or iss ends the login (${kind})`,
        async check(app) {
          for (const fault of ['id_token_sub_invalid', 'id_token_iss_invalid'] as const) {
            app.advance(longPause);
            const signedIn = await app.logIn('alice', app.findHost(variant));
            const before = countRefreshes(app);
            await withFault(app, fault, async () => {
              app.advance(accessTokenLifetime + 1);
              const page = await signedIn.visit('/items');
              assert.ok(!page.html.includes('alice has'), fault);
              assert.ok(findLogin(page)?.includes(`returnTo=${encodeURIComponent('/items')}`), page.html);
            });
            assert.equal(countRefreshes(app), before + 1, fault);
            assert.equal(await readUser(signedIn), undefined, fault);
          }
        },
      },
    ];
  }),
];
