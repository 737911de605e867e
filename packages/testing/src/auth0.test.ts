import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from './index.ts';

const redirectUri = 'https://app.example.test/callback';
const audience = 'https://api.example.test';
const verifier = 'v'.repeat(43);

async function start(scope: string, options: TestAuthorizationServerOptions = {}) {
  const server = await createTestAuthorizationServer({ flavour: 'auth0', ...options });
  server.clock.stop();
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const url = new URL('authorize', server.issuer);
  url.search = new URLSearchParams({
    client_id: 'app',
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: base64url.encode(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    audience,
    scope,
  }).toString();
  const { parameters } = await server.authorize(url);
  const post = async (body: Record<string, string>, encoding: 'json' | 'form' = 'json') => {
    const response = await server.fetch(new URL('oauth/token', server.issuer), {
      method: 'POST',
      headers: {
        'content-type': encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
      },
      body: encoding === 'json' ? JSON.stringify(body) : new URLSearchParams(body).toString(),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const code = {
    grant_type: 'authorization_code',
    client_id: 'app',
    code_verifier: verifier,
    code: parameters.get('code') as string,
    redirect_uri: redirectUri,
  };
  const refresh = (refreshToken: string) => ({
    grant_type: 'refresh_token',
    client_id: 'app',
    refresh_token: refreshToken,
  });
  return { server, post, code, refresh };
}

describe.each(['json', 'form'] as const)("Auth0's documented responses to %s requests", (encoding) => {
  const jwt = expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);

  test('exchanges a code, and refreshes without rotation', async () => {
    const { post, code, refresh } = await start('openid offline_access');
    const first = await post(code, encoding);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      access_token: jwt,
      refresh_token: expect.any(String),
      id_token: jwt,
      token_type: 'Bearer',
      expires_in: 86_400,
    });
    const second = await post(refresh(first.body.refresh_token), encoding);
    expect(second.body).toEqual({
      access_token: jwt,
      expires_in: 86_400,
      scope: 'openid offline_access',
      id_token: jwt,
      token_type: 'Bearer',
    });
    expect((await post(refresh(first.body.refresh_token), encoding)).status).toBe(200);
  });

  test('issues a refresh token only for offline_access, and an ID token only for openid', async () => {
    const openid = await start('openid');
    expect(Object.keys((await openid.post(openid.code, encoding)).body).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'token_type',
    ]);
    const offline = await start('read:items offline_access');
    const { body } = await offline.post(offline.code, encoding);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type']);
    expect((await offline.post(offline.refresh(body.refresh_token), encoding)).body).toEqual({
      access_token: jwt,
      expires_in: 86_400,
      scope: 'read:items offline_access',
      token_type: 'Bearer',
    });
  });

  test('issues a new refresh token with rotation, and ends the grant when the previous one is reused', async () => {
    const { post, code, refresh } = await start('offline_access', { refreshTokens: 'rotate' });
    const first = (await post(code, encoding)).body.refresh_token;
    const second = (await post(refresh(first), encoding)).body.refresh_token;
    expect(second).not.toBe(first);
    for (const usedToken of [first, second]) {
      expect(await post(refresh(usedToken), encoding)).toMatchObject({
        status: 403,
        body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
      });
    }
  });
});

test('reports a rate limit in x-ratelimit headers', async () => {
  const { server, post, code, refresh } = await start('offline_access', {
    refreshRateLimit: { limit: 1, window: 60 },
  });
  const { refresh_token: token } = (await post(code)).body;
  await post(refresh(token));
  const { status, headers, body } = await post(refresh(token));
  expect([status, body.error]).toEqual([429, 'too_many_requests']);
  expect(headers.get('x-ratelimit-limit')).toBe('1');
  expect(headers.get('x-ratelimit-remaining')).toBe('0');
  expect(headers.get('x-ratelimit-reset')).toBe(String(Math.floor(server.clock.now() / 1000) + 60));
  expect(headers.has('retry-after')).toBe(false);
});

test('has the paths and the issuer of a tenant', async () => {
  const { metadata } = await createTestAuthorizationServer({ flavour: 'auth0' });
  const { issuer } = metadata as { issuer: string };
  expect(issuer).toMatch(/\/$/);
  expect(metadata).toMatchObject({
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    userinfo_endpoint: `${issuer}userinfo`,
    revocation_endpoint: `${issuer}oauth/revoke`,
    pushed_authorization_request_endpoint: `${issuer}oauth/par`,
    device_authorization_endpoint: `${issuer}oauth/device/code`,
    end_session_endpoint: `${issuer}oidc/logout`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
  });
});
