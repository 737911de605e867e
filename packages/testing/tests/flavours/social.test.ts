import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  basic,
  createLoginUrl,
  createServer,
  decode,
  getUserinfo,
  logIn,
  post,
  refresh,
} from '../support/log-in.ts';

const webSecret = { client_id: 'web', client_secret: 'web-secret' };

describe('google', () => {
  test('issues a refresh token for access_type=offline, again only with prompt=consent', async () => {
    const server = await createServer('google');
    const hasRefreshToken = async (parameters: Record<string, string>) =>
      'refresh_token' in (await logIn(server, { scope: 'openid', ...parameters })).body;
    expect(await hasRefreshToken({})).toBe(false);
    expect(await hasRefreshToken({ access_type: 'offline' })).toBe(true);
    expect(await hasRefreshToken({ access_type: 'offline' })).toBe(false);
    expect(await hasRefreshToken({ access_type: 'offline', prompt: 'consent' })).toBe(true);
  });

  test('shows an error page for the scope offline_access', async () => {
    const server = await createServer('google');
    const response = await server.fetch(await createLoginUrl(server, { scope: 'openid offline_access' }));
    expect([response.status, (await response.json()).error]).toEqual([400, 'invalid_scope']);
  });

  test('access tokens are opaque, and a refresh returns no new refresh token', async () => {
    const server = await createServer('google');
    const { body } = await logIn(server, { scope: 'openid', access_type: 'offline' });
    expect(String(body.access_token).split('.')).toHaveLength(1);
    expect((await refresh(server, body.refresh_token)).body).not.toHaveProperty('refresh_token');
    expect((await refresh(server, 'unknown')).body.error_description).toBe(
      'Token has been expired or revoked.',
    );
  });

  test('ID tokens have azp and the claims of the scopes, and no sid', async () => {
    const { body } = await logIn(await createServer('google'), { scope: 'openid email' });
    const { claims } = decode(body.id_token);
    expect(claims).toMatchObject({ azp: 'web', email: 'alice@example.test', email_verified: true });
    expect(claims).not.toHaveProperty('sid');
    expect(claims).not.toHaveProperty('name');
  });

  test('rejects a token request without a client secret', async () => {
    const { status, body } = await logIn(
      await createServer('google'),
      { scope: 'openid', client_id: 'app' },
      { client_id: 'app' },
    );
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'client_secret is missing.' },
    ]);
  });

  test('has no end session endpoint', async () => {
    const { metadata } = await createServer('google');
    expect(metadata).not.toHaveProperty('end_session_endpoint');
    expect(metadata.scopes_supported).toEqual(['openid', 'email', 'profile']);
  });
});

describe('github', () => {
  test('publishes no metadata', async () => {
    const server = await createServer('github');
    expect(server.metadataUrl).toBeUndefined();
    expect((await server.fetch('https://github.com/.well-known/openid-configuration')).status).toBe(404);
    expect((await server.fetch('https://github.com/.well-known/oauth-authorization-server')).status).toBe(
      404,
    );
  });

  test('responds with a form without expires_in to an OAuth app, and with JSON if it is accepted', async () => {
    const server = await createServer('github');
    const { type, body } = await logIn(server, { scope: 'read:user repo' }, webSecret);
    expect(type).toMatch(/^application\/x-www-form-urlencoded/);
    expect(body).toEqual({
      access_token: expect.any(String),
      scope: 'read:user,repo',
      token_type: 'bearer',
    });
    const fields = { ...webSecret, grant_type: 'authorization_code', code: 'unknown' };
    expect((await post(server, 'token', fields, { accept: 'application/json' })).type).toBe(
      'application/json',
    );
  });

  test('responds with expiring tokens to a GitHub App', async () => {
    const server = await createServer('github');
    const app = { client_id: 'Iv23example', client_secret: 'app-secret' };
    const { body } = await logIn(server, { client_id: 'Iv23example' }, app);
    expect(body).toMatchObject({ expires_in: '28800', refresh_token_expires_in: '15811200', scope: '' });
    expect((await refresh(server, body.refresh_token, app)).body.refresh_token).not.toBe(body.refresh_token);
  });

  test.each([
    ['bad_verification_code', { grant_type: 'authorization_code', code: 'unknown' }],
    ['bad_refresh_token', { grant_type: 'refresh_token', refresh_token: 'unknown' }],
    ['incorrect_client_credentials', { grant_type: 'refresh_token', client_secret: 'wrong' }],
  ])('reports %s with status 200', async (error, fields) => {
    const { status, body } = await post(await createServer('github'), 'token', { ...webSecret, ...fields });
    expect([status, body.error]).toEqual([200, error]);
  });

  test('userinfo has id and login instead of sub', async () => {
    const server = await createServer('github');
    const { body } = await logIn(server, { scope: 'read:user' }, webSecret);
    const userinfo = await getUserinfo(server, body.access_token);
    expect(userinfo.body).toMatchObject({ id: 1, login: 'alice' });
    expect(userinfo.body).not.toHaveProperty('sub');
  });
});

describe('apple', () => {
  const formPost = { response_mode: 'form_post' };

  test('demands form_post for the scopes name and email', async () => {
    const server = await createServer('apple');
    const response = await server.fetch(await createLoginUrl(server, { scope: 'name' }));
    expect([response.status, (await response.json()).error_description]).toEqual([
      400,
      'response_mode is not form_post, which the scopes name and email require.',
    ]);
  });

  test('the first authorization response contains the name of the user', async () => {
    const server = await createServer('apple');
    const first = await logIn(server, { scope: 'name email', ...formPost }, webSecret);
    expect(JSON.parse(first.callback.get('user') as string)).toEqual({
      name: { firstName: 'Alice', lastName: 'Example' },
      email: 'alice@example.test',
    });
    const second = await logIn(server, { scope: 'name email', ...formPost }, webSecret);
    expect(second.callback.has('user')).toBe(false);
  });

  test('issues an ID token without the scope openid, where email_verified is a text', async () => {
    const { body } = await logIn(await createServer('apple'), { scope: 'email', ...formPost }, webSecret);
    expect(decode(body.id_token).claims).toMatchObject({ email_verified: 'true', nonce_supported: true });
  });

  test('issues a refresh token for each code and none for a refresh', async () => {
    const server = await createServer('apple');
    const { body } = await logIn(server, { scope: 'openid' }, webSecret);
    expect(body).toHaveProperty('refresh_token');
    expect(body).not.toHaveProperty('scope');
    const second = await refresh(server, body.refresh_token, webSecret);
    expect(second.body).toHaveProperty('access_token');
    expect(second.body).not.toHaveProperty('refresh_token');
  });

  test('accepts a client secret that is a JWT until it expires', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = { keys: [await exportJWK(publicKey)] };
    const server = await createServer('apple', {
      clients: [{ clientId: 'web', tokenEndpointAuthMethod: 'client_secret_post', jwks }],
    });
    const now = Math.floor(server.clock.now() / 1000);
    const logInWith = async (lifetime: number, aud = server.issuer) => {
      const secret = await new SignJWT({ iss: 'TEAM', sub: 'web', aud, iat: now, exp: now + lifetime })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey);
      return (await logIn(server, { scope: 'openid' }, { client_id: 'web', client_secret: secret })).status;
    };
    expect(await logInWith(15_777_000)).toBe(200);
    expect(await logInWith(15_777_001)).toBe(401);
    expect(await logInWith(-1)).toBe(401);
    expect(await logInWith(60, 'https://other.example.test')).toBe(401);
  });

  test('has no userinfo and no end session', async () => {
    const { metadata } = await createServer('apple');
    expect(metadata).not.toHaveProperty('userinfo_endpoint');
    expect(metadata).not.toHaveProperty('end_session_endpoint');
  });
});

describe('linkedin', () => {
  const withoutPkce = { scope: 'openid profile', code_challenge: '', code_challenge_method: '' };

  test('rejects the parameters of PKCE', async () => {
    const server = await createServer('linkedin');
    const { parameters } = await server.authorize(await createLoginUrl(server, { scope: 'openid' }));
    expect(parameters.get('error')).toBe('invalid_request');
    const { body } = await post(server, 'token', {
      ...webSecret,
      grant_type: 'authorization_code',
      code_verifier: 'v',
    });
    expect(body.error).toBe('invalid_request');
  });

  test('ID tokens have the claims of the scopes, and no nonce', async () => {
    const { body } = await logIn(await createServer('linkedin'), withoutPkce, webSecret);
    const { claims } = decode(body.id_token);
    expect(claims.name).toBe('Alice Example');
    expect(claims).not.toHaveProperty('nonce');
  });

  test('issues no refresh token', async () => {
    const parameters = { ...withoutPkce, scope: 'openid offline_access' };
    const { body } = await logIn(await createServer('linkedin'), parameters, webSecret);
    expect(body).toHaveProperty('access_token');
    expect(body).not.toHaveProperty('refresh_token');
  });
});

describe('line', () => {
  test('signs ID tokens with the secret of the client, although the metadata lists ES256', async () => {
    const server = await createServer('line');
    expect(server.metadata.id_token_signing_alg_values_supported).toEqual(['ES256']);
    const { body } = await logIn(server, { scope: 'openid' }, webSecret);
    const { protectedHeader } = await jwtVerify(
      String(body.id_token),
      new TextEncoder().encode('web-secret'),
      {
        currentDate: new Date(server.clock.now()),
      },
    );
    expect(protectedHeader.alg).toBe('HS256');
  });

  test('issues a refresh token for each login, and access tokens for 30 days', async () => {
    const { body } = await logIn(await createServer('line'), { scope: 'openid' }, webSecret);
    expect(body).toMatchObject({ refresh_token: expect.any(String), expires_in: 2_592_000 });
  });
});

test('twitch: the scope of a token response is a list', async () => {
  const { body } = await logIn(await createServer('twitch'), { scope: 'openid user:read:email' }, webSecret);
  expect(body).toMatchObject({
    scope: ['openid', 'user:read:email'],
    token_type: 'bearer',
    refresh_token: expect.any(String),
  });
  expect(decode(body.id_token).claims.azp).toBe('web');
});

test('twitch: an invalid refresh token is reported by a message', async () => {
  const fields = { ...webSecret, grant_type: 'refresh_token', refresh_token: 'unknown' };
  const { body } = await post(await createServer('twitch'), 'token', fields);
  expect(body).toMatchObject({ error: 'Bad Request', status: 400, message: 'Invalid refresh token' });
  expect(body).not.toHaveProperty('error_description');
});

describe('gitlab', () => {
  const users = [{ sub: 'alice', claims: { email: 'alice@example.test', groups: ['staff'] } }];

  test('ID tokens have groups_direct, userinfo has groups, and both have sub_legacy', async () => {
    const server = await createServer('gitlab', { users });
    const { body } = await logIn(server, { scope: 'openid email' });
    expect(decode(body.id_token).claims).toMatchObject({
      sub_legacy: expect.any(String),
      email: 'alice@example.test',
      groups_direct: ['staff'],
    });
    const userinfo = await getUserinfo(server, body.access_token);
    expect(userinfo.body).toMatchObject({ sub_legacy: expect.any(String), groups: ['staff'] });
  });

  test('responses have created_at and a refresh token, and access tokens are opaque for 2 hours', async () => {
    const server = await createServer('gitlab');
    const { body } = await logIn(server, { scope: 'openid' });
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 7200,
      created_at: Math.floor(server.clock.now() / 1000),
      refresh_token: expect.any(String),
    });
    expect(String(body.access_token).split('.')).toHaveLength(1);
  });

  test('compares the secret of HTTP Basic without decoding', async () => {
    const server = await createServer('gitlab', { clients: [{ clientId: 'web', clientSecret: 'a%2Bb' }] });
    const request = async (secret: string) =>
      (await post(server, 'token', { grant_type: 'client_credentials' }, basic('web', secret))).status;
    expect(await request('a%2Bb')).toBe(200);
    expect(await request('a%252Bb')).toBe(401);
  });
});
