import assert from 'node:assert/strict';
import { refreshRejections } from '@countersign/testing';
import { accessTokenLifetime, findLogin, type Row } from '../row.ts';
import { expectFailure } from '../support/expect-failure.ts';

/** In seconds: longer than the time for which an unsuccessful login is remembered. */
const longPause = 700;

/** The response of the provider with this name. */
function findFailure(name: string) {
  const rejection = refreshRejections.find((each) => each.name === name);
  assert.ok(rejection, name);
  return rejection.failure;
}

export const rejectionRows: readonly Row[] = [
  ...[
    { name: 'consent_required', prompt: 'consent' },
    { name: 'account_selection_required', prompt: 'select_account' },
    { name: 'invalid_grant with suberror consent_required', prompt: 'consent' },
    { name: 'interaction_required', prompt: undefined },
  ].map(
    ({ name, prompt }): Row => ({
      title: `C5: after a refresh that is rejected with ${name}, the login has the request that satisfies it`,
      async check(app) {
        for (const [variant, path] of [
          ['', '/items'],
          ['stored', '/items'],
          // Where no proxy runs, only a stored session can refresh in a page.
          ['stored', '/uncovered/wrapped'],
        ] as const) {
          app.advance(longPause);
          const browser = await app.logIn('alice', app.findHost(variant));
          app.advance(accessTokenLifetime + 1);
          app.op.fail('token', { ...findFailure(name), times: 1 });
          // The second page receives the error of the first one.
          for (let visit = 0; visit < 2; visit++) {
            const page = await browser.visit(path);
            const login = findLogin(page);
            assert.ok(login, page.html);
            const parameters = new URL(login, app.origin).searchParams;
            assert.equal(parameters.get('prompt') ?? undefined, prompt, login);
            assert.equal(parameters.get('returnTo'), path);
            const sent = (await app.open(app.findHost(variant)).visit(login)).location?.searchParams;
            assert.equal(sent?.get('prompt') ?? undefined, prompt, String(sent));
          }
        }
      },
    }),
  ),
  ...[
    { name: 'invalid_client, 401', code: /client_rejected/, cause: /invalid_client/ },
    {
      name: 'temporarily_unavailable, 400',
      code: /server_error|temporarily_unavailable/,
      cause: /temporarily_unavailable|server_error/,
    },
  ].map(
    ({ name, code, cause }): Row => ({
      title: `C5: after a refresh that is rejected with ${name}, the log names this cause`,
      async check(app) {
        app.advance(longPause);
        const browser = await app.logIn('alice');
        app.advance(accessTokenLifetime + 1);
        const since = app.output().length;
        app.op.fail('token', { ...findFailure(name), times: 1 });
        const page = await browser.visit('/items');
        expectFailure(page, code);
        assert.equal(findLogin(page), undefined);
        await app.waitForOutput(cause, since);
        assert.doesNotMatch(app.output().slice(since), /whose matcher covers/);
      },
    }),
  ),
];
