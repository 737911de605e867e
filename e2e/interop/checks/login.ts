import assert from 'node:assert/strict';
import {
  type ClientOptions,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  fetchUserinfo,
  validateAuthorizationResponse,
} from '@countersign/core';
import { createRegistration } from '../server.ts';
import { openUserAgent } from '../support/user-agent.ts';
import { type CheckContext, logIn } from './context.ts';

/** Logs in as a client that holds its tokens itself. */
export async function logInDirectly({ server, application }: CheckContext) {
  const client = createClient({
    ...(server.options as ClientOptions),
    ...server.direct,
    redirectUri: createRegistration(application.origin).directRedirectUri,
    refreshTokens: true,
    allowInsecureIssuer: true,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const agent = openUserAgent();
  const page = await agent.fillForms(await agent.open(url), application.origin, server.account);
  const response = await validateAuthorizationResponse(client, page.url, transaction);
  const tokens = await exchangeCode(client, response, transaction);
  return { client, tokens };
}

export async function checkLogin(context: CheckContext): Promise<void> {
  const { events } = await logIn(context);
  assert.ok(events.some(({ type }) => type === 'login.succeeded'));
}

export async function checkPublicLogin(context: CheckContext): Promise<void> {
  const { tokens } = await logInDirectly(context);
  assert.equal(typeof tokens.accessToken, 'string');
  assert.equal(typeof tokens.claims?.sub, 'string');
}

export async function checkUserinfo(context: CheckContext): Promise<void> {
  const { client, tokens } = await logInDirectly(context);
  const { sub = '' } = tokens.claims ?? {};
  assert.equal((await fetchUserinfo(client, tokens.accessToken, sub)).sub, sub);
  await assert.rejects(fetchUserinfo(client, tokens.accessToken, `${sub}x`), { code: 'userinfo_invalid' });
}
