import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  createLoginUrl,
  createServer,
  decode,
  getUserinfo,
  logIn,
  post,
  refresh,
} from '../support/log-in.ts';
import { signAssertion } from '../support/sign-assertion.ts';
import { users } from '../support/users.ts';

describe('keycloak', () => {
  test('issues a refresh token without offline_access, which it lists', async () => {
    const server = await createServer('keycloak');
    expect(server.metadata.scopes_supported).toContain('offline_access');
    const { body } = await logIn(server, { scope: 'openid' });
    expect(body).toMatchObject({ refresh_token: expect.any(String), refresh_expires_in: 1800 });
    const offline = await logIn(server, { scope: 'openid offline_access' });
    expect(offline.body.refresh_expires_in).toBe(0);
  });

  test('responses contain session_state', async () => {
    const { body, callback } = await logIn(await createServer('keycloak'), { scope: 'openid' });
    const { sid } = decode(body.id_token).claims;
    expect(body).toMatchObject({ session_state: sid, 'not-before-policy': 0 });
    expect(callback.get('session_state')).toBe(sid);
  });

  test('access tokens have the type Bearer, azp, the audience account, and roles', async () => {
    const { body } = await logIn(await createServer('keycloak', { users }), { scope: 'openid profile' });
    const { header, claims } = decode(body.access_token);
    expect(header.typ).toBe('JWT');
    expect(claims).toMatchObject({
      typ: 'Bearer',
      azp: 'web',
      aud: 'account',
      name: 'Alice Example',
      realm_access: { roles: ['admin'] },
      resource_access: { account: { roles: expect.any(Array) } },
    });
    expect(claims).not.toHaveProperty('client_id');
    expect(decode(body.id_token).claims).toMatchObject({ typ: 'ID', azp: 'web' });
  });

  test('a minted access token has the claims of the provider', async () => {
    const server = await createServer('keycloak', { users });
    const { header, claims } = decode(await server.mintAccessToken({ aud: 'api' }));
    expect(header.typ).toBe('JWT');
    expect(claims).toMatchObject({ aud: 'api', typ: 'Bearer', realm_access: { roles: ['admin'] } });
  });

  test('the previous refresh token stays valid', async () => {
    const server = await createServer('keycloak');
    const { body } = await logIn(server, { scope: 'openid' });
    await refresh(server, body.refresh_token);
    server.clock.advance(300);
    expect((await refresh(server, body.refresh_token)).status).toBe(200);
  });

  test('reports an invalid refresh token, and a wrong secret as unauthorized_client', async () => {
    const server = await createServer('keycloak');
    expect((await refresh(server, 'unknown')).body).toEqual({
      error: 'invalid_grant',
      error_description: 'Token is not active',
    });
    const { status, body } = await refresh(server, 'unknown', { client_id: 'web', client_secret: 'wrong' });
    expect([status, body]).toEqual([
      401,
      {
        error: 'unauthorized_client',
        error_description: 'Invalid client or Invalid client credentials',
      },
    ]);
  });
});

describe('dex', () => {
  test('access tokens have the claims of ID tokens', async () => {
    const server = await createServer('dex', { users });
    const { body } = await logIn(server, { scope: 'openid groups email offline_access' });
    const access = decode(body.access_token);
    const id = decode(body.id_token);
    expect(access.header).toEqual(id.header);
    expect(Object.keys(access.claims).sort()).toEqual(Object.keys(id.claims).sort());
    expect(access.claims).toMatchObject({ aud: 'web', nonce: 'a-nonce', groups: ['staff'] });
    expect(id.claims).toMatchObject({ email: 'alice@example.test', groups: ['staff'] });
    expect(body).toMatchObject({ token_type: 'bearer' });
    expect(body).not.toHaveProperty('scope');
  });

  test('a refreshed ID token keeps the nonce', async () => {
    const server = await createServer('dex');
    const { body } = await logIn(server, { scope: 'openid offline_access' });
    const second = await refresh(server, body.refresh_token);
    expect(decode(second.body.id_token).claims.nonce).toBe('a-nonce');
  });

  test('reports an invalid refresh token as invalid_request', async () => {
    const { status, body } = await refresh(await createServer('dex'), 'unknown');
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'Refresh token expired.' },
    ]);
  });

  test.each([
    [{ scope: 'email' }, 'invalid_scope'],
    [{ scope: 'openid items' }, 'invalid_scope'],
    [{ scope: 'openid audience:server:client_id:api' }, null],
  ])('the response to the request %j is %s', async (parameters, error) => {
    const server = await createServer('dex');
    const { parameters: callback } = await server.authorize(await createLoginUrl(server, parameters));
    expect(callback.get('error')).toBe(error);
  });
});

describe('spring', () => {
  test('access tokens have neither typ nor client_id, a list of scopes, and the client as audience', async () => {
    const { body } = await logIn(await createServer('spring'), { scope: 'openid items' });
    const { header, claims } = decode(body.access_token);
    expect(header).not.toHaveProperty('typ');
    expect(claims).toMatchObject({ aud: 'web', scope: ['openid', 'items'], nbf: claims.iat });
    expect(claims).not.toHaveProperty('client_id');
    const id = decode(body.id_token).claims;
    expect(id.azp).toBe('web');
    expect(id).not.toHaveProperty('at_hash');
  });

  test('issues a refresh token without offline_access, except to a public client', async () => {
    const server = await createServer('spring');
    expect((await logIn(server, { scope: 'openid' })).body).toHaveProperty('refresh_token');
    const publicLogin = await logIn(server, { scope: 'openid', client_id: 'app' }, { client_id: 'app' });
    expect(publicLogin.body).toHaveProperty('access_token');
    expect(publicLogin.body).not.toHaveProperty('refresh_token');
  });

  test('lists only the scope openid', async () => {
    expect((await createServer('spring')).metadata.scopes_supported).toEqual(['openid']);
  });
});

describe('hydra', () => {
  test('access tokens are opaque, or have scp, ext and a list of audiences', async () => {
    const opaque = await logIn(await createServer('hydra'), { scope: 'openid' });
    expect(String(opaque.body.access_token).split('.')).toHaveLength(1);
    const server = await createServer('hydra', { accessTokenFormat: 'jwt' });
    const { body } = await logIn(server, { scope: 'openid', audience: 'https://api.example.test' });
    const { header, claims } = decode(body.access_token);
    expect(header.typ).toBe('JWT');
    expect(claims).toMatchObject({
      aud: ['https://api.example.test'],
      client_id: 'web',
      scp: ['openid'],
      ext: {},
    });
    expect(claims).not.toHaveProperty('scope');
  });

  test('issues a refresh token for the scope offline', async () => {
    const server = await createServer('hydra');
    expect((await logIn(server, { scope: 'openid' })).body).not.toHaveProperty('refresh_token');
    expect((await logIn(server, { scope: 'openid offline' })).body).toHaveProperty('refresh_token');
  });

  test('logout tokens have neither exp nor sub', async () => {
    const server = await createServer('hydra');
    const claims = decodeJwt(await server.mintLogoutToken({ aud: 'web' }));
    expect(claims).toMatchObject({ sid: expect.any(String), iat: expect.any(Number) });
    expect(claims).not.toHaveProperty('exp');
    expect(claims).not.toHaveProperty('sub');
  });

  test('introspection names the use of a token', async () => {
    const server = await createServer('hydra');
    const { body } = await logIn(server, { scope: 'openid offline' });
    const introspect = async (token: unknown) =>
      (await post(server, `${server.issuer}/admin/oauth2/introspect`, { token: String(token) })).body
        .token_use;
    expect(server.metadata).not.toHaveProperty('introspection_endpoint');
    expect(await introspect(body.access_token)).toBe('access_token');
    expect(await introspect(body.refresh_token)).toBe('refresh_token');
  });

  test('accepts a client assertion only for the token endpoint', async () => {
    const { client, sign } = await signAssertion();
    const server = await createServer('hydra', { clients: [client] });
    const request = async (aud: string) =>
      (await post(server, 'token', { grant_type: 'client_credentials', ...(await sign(aud, server)) }))
        .status;
    expect(await request(server.issuer)).toBe(401);
    expect(await request(String(server.metadata.token_endpoint))).toBe(200);
  });
});

describe('zitadel', () => {
  test('tokens have the project in their audience, and roles by organization', async () => {
    const server = await createServer('zitadel', { users, accessTokenFormat: 'jwt' });
    const { body } = await logIn(server, { scope: 'openid' });
    const roles = { admin: expect.any(Object) };
    for (const token of [body.id_token, body.access_token]) {
      expect(decode(token).claims).toMatchObject({
        aud: ['web', expect.stringMatching(/^\d+$/)],
        azp: 'web',
        'urn:zitadel:iam:org:project:roles': roles,
      });
    }
    expect(decode(body.access_token).claims).not.toHaveProperty('scope');
    const userinfo = await getUserinfo(server, body.access_token);
    expect(userinfo.body).toMatchObject({ 'urn:zitadel:iam:org:project:roles': roles });
  });

  test('access tokens are opaque, and the scope openid is necessary', async () => {
    const server = await createServer('zitadel');
    const { body } = await logIn(server, { scope: 'openid' });
    expect(String(body.access_token).split('.')).toHaveLength(1);
    const { parameters } = await server.authorize(await createLoginUrl(server, { scope: 'email' }));
    expect(parameters.get('error')).toBe('invalid_scope');
  });
});

describe('logto', () => {
  test('signs with ES384, and access tokens without a resource are opaque', async () => {
    const server = await createServer('logto', { users });
    const { body } = await logIn(server, { scope: 'openid profile roles' });
    expect(String(body.access_token).split('.')).toHaveLength(1);
    const id = decode(body.id_token);
    expect(id.header.alg).toBe('ES384');
    expect(id.claims).toMatchObject({ name: 'Alice Example', roles: ['admin'] });
    const api = await logIn(server, { scope: 'openid', resource: 'https://api.example.test' });
    expect(decode(api.body.access_token)).toMatchObject({
      header: { alg: 'ES384' },
      claims: { aud: 'https://api.example.test' },
    });
  });

  test('issues a refresh token for offline_access only with prompt=consent', async () => {
    const server = await createServer('logto');
    const hasRefreshToken = async (parameters: Record<string, string>) =>
      'refresh_token' in (await logIn(server, { scope: 'openid offline_access', ...parameters })).body;
    expect(await hasRefreshToken({})).toBe(false);
    expect(await hasRefreshToken({ prompt: 'consent' })).toBe(true);
  });
});

describe('authentik', () => {
  test('the issuer has a path and a slash, and the endpoints are beside it', async () => {
    const { metadata, issuer } = await createServer('authentik');
    expect(issuer).toMatch(/\/application\/o\/test\/$/);
    expect(metadata).toMatchObject({
      issuer,
      token_endpoint: issuer.replace('/o/test/', '/o/token/'),
      jwks_uri: `${issuer}jwks/`,
      end_session_endpoint: `${issuer}end-session/`,
    });
  });

  test('tokens have groups for the scope profile, and an email that is not verified', async () => {
    const server = await createServer('authentik', { users });
    const { body } = await logIn(server, { scope: 'openid profile email' });
    for (const token of [body.id_token, body.access_token]) {
      expect(decode(token).claims).toMatchObject({ aud: 'web', groups: ['staff'], email_verified: false });
    }
    expect(decode(body.access_token)).toMatchObject({ header: { typ: 'JWT' }, claims: { azp: 'web' } });
    const userinfo = await getUserinfo(server, body.access_token);
    expect(userinfo.body).toMatchObject({ groups: ['staff'], email_verified: false });
  });
});

describe('authelia', () => {
  test('access tokens are opaque, or have a list scp and the audience of the parameter', async () => {
    const opaque = await logIn(await createServer('authelia'), { scope: 'openid' });
    expect(String(opaque.body.access_token).split('.')).toHaveLength(1);
    const server = await createServer('authelia', { accessTokenFormat: 'jwt' });
    const { body } = await logIn(server, { scope: 'openid', audience: 'https://api.example.test' });
    const { claims } = decode(body.access_token);
    expect(claims).toMatchObject({ aud: ['https://api.example.test'], scp: ['openid'] });
    expect(claims).not.toHaveProperty('scope');
  });

  test('has no end session endpoint', async () => {
    expect((await createServer('authelia')).metadata).not.toHaveProperty('end_session_endpoint');
  });

  test('accepts a client assertion only for the token endpoint', async () => {
    const { client, sign } = await signAssertion();
    const server = await createServer('authelia', { clients: [client] });
    const request = async (aud: string) =>
      (await post(server, 'token', { grant_type: 'client_credentials', ...(await sign(aud, server)) }))
        .status;
    expect(await request(server.issuer)).toBe(401);
    expect(await request(String(server.metadata.token_endpoint))).toBe(200);
  });
});
