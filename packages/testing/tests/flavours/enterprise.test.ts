import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { createLoginUrl, createServer, decode, logIn, refresh } from '../support/log-in.ts';
import { users } from '../support/users.ts';

describe('cognito', () => {
  test('access tokens have client_id and token_use instead of aud and typ', async () => {
    const server = await createServer('cognito', { users });
    const { body } = await logIn(server, { scope: 'openid' });
    const { header, claims } = decode(body.access_token);
    expect(Object.keys(header).sort()).toEqual(['alg', 'kid']);
    expect(claims).toMatchObject({
      client_id: 'web',
      token_use: 'access',
      username: 'alice',
      'cognito:groups': ['staff'],
    });
    expect(claims).not.toHaveProperty('aud');
    expect(decodeJwt(await server.mintAccessToken())).not.toHaveProperty('aud');
  });

  test('ID tokens have token_use and cognito:username', async () => {
    const { body } = await logIn(await createServer('cognito', { users }), { scope: 'openid email' });
    const { header, claims } = decode(body.id_token);
    expect(header).not.toHaveProperty('typ');
    expect(claims).toMatchObject({
      aud: 'web',
      token_use: 'id',
      'cognito:username': 'alice',
      'cognito:groups': ['staff'],
      email: 'alice@example.test',
    });
    expect(claims).not.toHaveProperty('sid');
  });

  test('issues a refresh token for each code and none for a refresh, both without scope', async () => {
    const server = await createServer('cognito');
    const { body, callback } = await logIn(server, { scope: 'openid' });
    expect(Object.keys(body).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'refresh_token',
      'token_type',
    ]);
    expect(callback.has('iss')).toBe(false);
    const second = await refresh(server, body.refresh_token);
    expect(Object.keys(second.body).sort()).toEqual(['access_token', 'expires_in', 'id_token', 'token_type']);
    expect((await refresh(server, 'unknown')).body).toEqual({ error: 'invalid_grant' });
  });

  test('rejects the scope offline_access, and accepts a scope of a resource server', async () => {
    const server = await createServer('cognito');
    const authorize = async (scope: string) =>
      (await server.authorize(await createLoginUrl(server, { scope }))).parameters.get('error');
    expect(await authorize('openid offline_access')).toBe('invalid_scope');
    expect(await authorize('openid items/read')).toBeNull();
  });

  test('the logout is outside the metadata and reads logout_uri', async () => {
    const server = await createServer('cognito');
    expect(server.metadata).not.toHaveProperty('end_session_endpoint');
    const url = new URL('/logout', String(server.metadata.authorization_endpoint));
    url.search = new URLSearchParams({
      client_id: 'web',
      logout_uri: 'https://app.example.test/',
    }).toString();
    const response = await server.fetch(url);
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://app.example.test/']);
  });
});

describe('okta', () => {
  test('access tokens have cid, uid and a list scp, and no typ', async () => {
    const { body } = await logIn(await createServer('okta'), { scope: 'openid items' });
    const { header, claims } = decode(body.access_token);
    expect(Object.keys(header).sort()).toEqual(['alg', 'kid']);
    expect(claims).toMatchObject({
      aud: 'api://default',
      cid: 'web',
      uid: 'alice',
      scp: ['openid', 'items'],
      ver: 1,
    });
    for (const name of ['client_id', 'scope']) expect(claims).not.toHaveProperty(name);
  });

  test('ID tokens have ver, amr, idp and auth_time', async () => {
    const { body } = await logIn(await createServer('okta'), { scope: 'openid' });
    const { header, claims } = decode(body.id_token);
    expect(header).not.toHaveProperty('typ');
    expect(claims).toMatchObject({ ver: 1, amr: ['pwd'], idp: expect.any(String), auth_time: claims.iat });
  });

  test('the previous refresh token stays valid for 30 seconds', async () => {
    const server = await createServer('okta');
    const { body } = await logIn(server, { scope: 'openid offline_access' });
    await refresh(server, body.refresh_token);
    server.clock.advance(30);
    expect((await refresh(server, body.refresh_token)).status).toBe(200);
    server.clock.advance(1);
    expect((await refresh(server, body.refresh_token)).body).toEqual({
      error: 'invalid_grant',
      error_description: 'The refresh token is invalid or expired.',
    });
  });

  test('has the paths of a custom authorization server', async () => {
    const { metadata, issuer } = await createServer('okta');
    expect(metadata).toMatchObject({
      authorization_endpoint: `${issuer}/v1/authorize`,
      token_endpoint: `${issuer}/v1/token`,
      jwks_uri: `${issuer}/v1/keys`,
      end_session_endpoint: `${issuer}/v1/logout`,
    });
  });
});

describe('azure-b2c', () => {
  test('the metadata is at the address of the policy, and its issuer is another address', async () => {
    const server = await createServer('azure-b2c');
    expect(server.metadataUrl).toMatch(/\/b2c_1_signupsignin1\/v2\.0\/\.well-known\/openid-configuration$/);
    const metadata = await server.fetch(String(server.metadataUrl)).then((response) => response.json());
    expect(metadata.issuer).toBe(server.issuer);
    expect(server.issuer).not.toContain('b2c_1_signupsignin1');
    const underIssuer = await server.fetch(`${server.issuer}.well-known/openid-configuration`);
    expect(underIssuer.status).toBe(404);
  });

  test('issues an access token only for a scope of an API', async () => {
    const server = await createServer('azure-b2c');
    const { body } = await logIn(server, { scope: 'openid offline_access' });
    expect(Object.keys(body).sort()).toEqual([
      'expires_in',
      'id_token',
      'not_before',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    const api = await logIn(server, { scope: 'openid https://tenant.onmicrosoft.com/items/read' });
    expect(decode(api.body.access_token).claims).toMatchObject({
      aud: 'items',
      azp: 'web',
      scp: 'read',
      tfp: 'b2c_1_signupsignin1',
      ver: '1.0',
    });
    const own = await logIn(server, { scope: 'openid web' });
    expect(decode(own.body.access_token).claims.aud).toBe('web');
  });

  test('ID tokens name the policy', async () => {
    const { body } = await logIn(await createServer('azure-b2c'), { scope: 'openid' });
    const { claims } = decode(body.id_token);
    expect(claims).toMatchObject({ tfp: 'b2c_1_signupsignin1', ver: '1.0', auth_time: claims.iat });
  });
});

describe('adfs', () => {
  test('access tokens have the http issuer of the metadata, appid, and auth_time as a date', async () => {
    const server = await createServer('adfs');
    const { body } = await logIn(server, { scope: 'openid items' });
    const { header, claims } = decode(body.access_token);
    expect(header.typ).toBe('JWT');
    expect(claims).toMatchObject({
      iss: server.metadata.access_token_issuer,
      appid: 'web',
      scp: 'openid items',
      auth_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(claims.iss).toMatch(/^http:/);
    expect(claims).not.toHaveProperty('client_id');
    expect(decode(body.id_token).claims.iss).toBe(server.issuer);
  });

  test('issues a refresh token without offline_access, which it does not list', async () => {
    const server = await createServer('adfs');
    expect(server.metadata.scopes_supported).not.toContain('offline_access');
    expect((await logIn(server, { scope: 'openid' })).body).toHaveProperty('refresh_token');
  });
});

describe('salesforce', () => {
  test('responses have the address of the organization and no expires_in', async () => {
    const server = await createServer('salesforce');
    const { body } = await logIn(server, { scope: 'openid refresh_token' });
    expect(body).toMatchObject({
      instance_url: server.issuer,
      id: expect.stringContaining('/alice'),
      issued_at: expect.stringMatching(/^\d{13}$/),
      refresh_token: expect.any(String),
    });
    expect(body).not.toHaveProperty('expires_in');
    expect((await logIn(server, { scope: 'openid' })).body).not.toHaveProperty('refresh_token');
  });

  test('reports an invalid refresh token', async () => {
    const { body } = await refresh(await createServer('salesforce'), 'unknown');
    expect(body.error_description).toBe('expired access/refresh token');
  });
});
