import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  refreshTokens,
  validateAuthorizationResponse,
} from '@countersign/core';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from './index.ts';

async function logIn(options: TestAuthorizationServerOptions) {
  const server = await createTestAuthorizationServer(options);
  server.clock.stop();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri: 'https://app.example.test/callback',
    scope: 'openid offline_access items:read items:write',
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  return { server, client, tokens: await exchangeCode(client, response, transaction) };
}

test('responds with 429 to a refresh token that is used too often, until the window ends', async () => {
  const { server, client, tokens } = await logIn({
    refreshTokens: 'keep',
    refreshRateLimit: { limit: 2, window: 60 },
  });
  const attempt = () => refreshTokens(client, tokens.refreshToken as string);
  await attempt();
  server.clock.advance(10);
  await attempt();
  await expect(attempt()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 50 });
  server.clock.advance(50);
  await expect(attempt()).resolves.toBeDefined();
});

test('grants only the scopes of the user', async () => {
  const { tokens } = await logIn({ users: [{ sub: 'bob', scope: 'items:read' }] });
  expect(tokens.scopes).toEqual(['openid', 'offline_access', 'items:read']);
});

test('rejects a resource that is not registered', async () => {
  const { server, client } = await logIn({ resources: ['https://api.example.test'] });
  const { url } = await createAuthorizationRequest(client, { resource: 'https://other.example.test' });
  const { parameters } = await server.authorize(url);
  expect(parameters.get('error')).toBe('invalid_target');
});

test('sends a logout token to each client of an ended session', async () => {
  const sent: { url: string; claims: unknown }[] = [];
  const { server, tokens } = await logIn({
    clients: [
      {
        clientId: 'web',
        clientSecret: 'web-secret',
        backchannelLogoutUri: 'https://app.example.test/logout',
      },
      { clientId: 'other', backchannelLogoutUri: 'https://other.example.test/logout' },
    ],
    outgoingFetch: async (url, init) => {
      sent.push({
        url,
        claims: decodeJwt(new URLSearchParams(String(init.body)).get('logout_token') as string),
      });
      return new Response(null, { status: 200 });
    },
  });
  const responses = await server.endSession();
  expect(responses.map(({ status }) => status)).toEqual([200]);
  expect(sent).toMatchObject([
    { url: 'https://app.example.test/logout', claims: { sub: 'alice', sid: tokens.claims?.sid, aud: 'web' } },
  ]);
  expect(await server.endSession()).toEqual([]);
});
