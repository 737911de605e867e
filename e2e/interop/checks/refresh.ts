import assert from 'node:assert/strict';
import { AuthorizationServerError, refreshTokens, revokeToken } from '@countersign/core';
import {
  type CheckContext,
  countRefreshes,
  createWebOptions,
  getRefreshTime,
  getToken,
  getUser,
  logIn,
} from './context.ts';
import { logInDirectly } from './login.ts';

export async function checkParallelRefreshes(context: CheckContext): Promise<void> {
  const { agent, advance } = await logIn(context);
  const previous = await getToken(context, agent);
  assert.equal(previous.status, 200, String(previous.code));
  advance(getRefreshTime(context));
  const previousCount = countRefreshes(context);
  // Each request has the cookies from before the refresh.
  const cookie = agent.cookies(context.application.origin);
  const responses = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await fetch(`${context.application.origin}/token`, { headers: { cookie } });
      return {
        status: response.status,
        ...((await response.json()) as { accessToken?: string; code?: string }),
      };
    }),
  );
  const failures = responses.filter(({ status }) => status !== 200);
  assert.deepEqual(failures, []);
  const tokens = new Set(responses.map(({ accessToken }) => accessToken));
  assert.equal(tokens.size, 1);
  assert.equal(countRefreshes(context) - previousCount, 1, 'token requests');
}

export async function checkWrongSecret(context: CheckContext): Promise<void> {
  const { agent } = await logIn(context);
  const sub = await getUser(context, agent);
  const wrong = context.application.deploy({
    ...createWebOptions(context),
    clientAuthentication: context.server.wrongAuthentication,
  });
  wrong.advance(getRefreshTime(context));
  const previousCount = countRefreshes(context);
  const { status, code } = await getToken(context, agent);
  assert.notEqual(countRefreshes(context), previousCount, 'No token request was sent.');
  // The access token is still valid for a moment and may be returned.
  assert.notEqual(status, 401, String(code));
  wrong.advance(10);
  const rejected = await getToken(context, agent);
  assert.equal(rejected.status, 502, `${rejected.status} ${rejected.code}`);
  assert.equal(await getUser(context, agent), sub);
  const correct = context.application.deploy(createWebOptions(context));
  correct.advance(getRefreshTime(context));
  const refreshed = await getToken(context, agent);
  assert.equal(refreshed.status, 200, String(refreshed.code));
  assert.equal(await getUser(context, agent), sub);
}

export async function checkAdministrator(context: CheckContext): Promise<void> {
  const { agent, advance } = await logIn(context, { receivesLogoutTokens: false });
  const sub = await getUser(context, agent);
  assert.ok(sub);
  await context.server.endSessions?.(sub);
  advance(getRefreshTime(context) + 10);
  const { status, code } = await getToken(context, agent);
  assert.deepEqual({ status, code }, { status: 401, code: 'session_ended' });
  assert.equal(await getUser(context, agent), null);
}

export async function checkRevocation(context: CheckContext): Promise<void> {
  const { client, tokens } = await logInDirectly(context);
  const { refreshToken, claims } = tokens;
  assert.ok(refreshToken, 'The server issued no refresh token.');
  await revokeToken(client, refreshToken);
  await assert.rejects(
    refreshTokens(client, refreshToken, { claims }),
    (error: unknown) => error instanceof AuthorizationServerError && error.rejection?.kind === 'login_ended',
  );
}
