import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  fetchUserinfo,
  refreshTokens,
  revokeToken,
  validateAuthorizationResponse,
} from '@countersign/core';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer } from './index.ts';

const redirectUri = 'https://app.example.test/callback';
const scope = 'openid profile offline_access';

async function logIn(server: Awaited<ReturnType<typeof createTestAuthorizationServer>>) {
  const client = createClient({
    issuer: server.issuer,
    clientId: 'app',
    fetch: server.fetch,
    now: server.clock.now,
    redirectUri,
    scope,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  return { client, tokens: await exchangeCode(client, response, transaction) };
}

test('logs in without sockets', async () => {
  const server = await createTestAuthorizationServer();
  const { client, tokens } = await logIn(server);
  expect(tokens).toMatchObject({
    tokenType: 'Bearer',
    scopes: scope.split(' '),
    claims: { sub: 'alice', iss: server.issuer },
  });
  expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({ name: 'Alice Example' });
  expect(server.requests.map(({ endpoint }) => endpoint)).toEqual([
    'discovery',
    'authorization',
    'token',
    'jwks',
    'userinfo',
  ]);
});

test('rotates refresh tokens, and ends the grant when one is reused', async () => {
  const server = await createTestAuthorizationServer();
  const { client, tokens } = await logIn(server);
  const second = await refreshTokens(client, tokens.refreshToken as string);
  expect(second.refreshToken).not.toBe(tokens.refreshToken);
  await expect(refreshTokens(client, tokens.refreshToken as string)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
  await expect(refreshTokens(client, second.refreshToken as string)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('accepts the previous refresh token within the grace period', async () => {
  const server = await createTestAuthorizationServer({ refreshTokenGrace: 10 });
  server.clock.stop();
  const { client, tokens } = await logIn(server);
  await refreshTokens(client, tokens.refreshToken as string);
  server.clock.advance(10);
  expect(await refreshTokens(client, tokens.refreshToken as string)).toHaveProperty('refreshToken');
  server.clock.advance(1);
  await expect(refreshTokens(client, tokens.refreshToken as string)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('rejects a revoked refresh token', async () => {
  const server = await createTestAuthorizationServer();
  const { client, tokens } = await logIn(server);
  await revokeToken(client, tokens.refreshToken as string);
  await expect(refreshTokens(client, tokens.refreshToken as string)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('applies failures in order, and completes a request whose response is lost', async () => {
  const server = await createTestAuthorizationServer();
  const { client, tokens } = await logIn(server);
  server.fail('token', { status: 503 });
  server.fail('token', { loseResponse: true });
  const attempt = () => refreshTokens(client, tokens.refreshToken as string);
  await expect(attempt()).rejects.toMatchObject({ code: 'server_error' });
  await expect(attempt()).rejects.toMatchObject({ code: 'network_error' });
  await expect(attempt()).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('holds requests until they are released', async () => {
  const server = await createTestAuthorizationServer();
  const release = server.hold('discovery');
  let hasResponded = false;
  const pending = server.fetch(`${server.issuer}/.well-known/openid-configuration`).then(() => {
    hasResponded = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasResponded).toBe(false);
  release();
  await pending;
  expect(hasResponded).toBe(true);
});

test('uses its loopback address as the issuer', async () => {
  const server = await createTestAuthorizationServer();
  const { issuer, close } = await server.listen();
  try {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({ issuer, token_endpoint: `${issuer}/token` });
  } finally {
    await close();
  }
});

test('signs tokens with a published or an unpublished key', async () => {
  const server = await createTestAuthorizationServer({ resources: ['https://api.example.test'] });
  const token = await server.mintAccessToken({ scope: 'items:read', exp: undefined });
  expect(decodeJwt(token)).toMatchObject({ aud: 'https://api.example.test', scope: 'items:read' });
  expect(decodeJwt(token)).not.toHaveProperty('exp');
  const { createLocalJWKSet, jwtVerify } = await import('jose');
  const keys = createLocalJWKSet(await (await server.fetch(String(server.metadata.jwks_uri))).json());
  await expect(jwtVerify(token, keys)).resolves.toBeDefined();
  const foreign = await server.mintAccessToken({}, { foreignKey: true });
  await expect(jwtVerify(foreign, keys)).rejects.toThrow('signature verification failed');
});
