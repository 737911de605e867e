import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  revokeToken,
  validateAuthorizationResponse,
} from '@countersign/core';
import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  type IntrospectionOptions,
} from '../index.ts';

const audience = 'https://api.example.test';

async function setUp(options: Partial<IntrospectionOptions> = {}, format: 'opaque' | 'jwt' = 'opaque') {
  const server = await createTestAuthorizationServer({
    resources: [audience],
    accessTokenFormat: format,
    accessTokenLife: 100,
    clients: [{ clientId: 'app' }, { clientId: 'api', clientSecret: 'api-secret' }],
  });
  server.clock.stop();
  const shared = { issuer: server.issuer, fetch: server.fetch, now: server.clock.now };
  const app = createClient({
    ...shared,
    clientId: 'app',
    redirectUri: 'https://app.example.test/callback',
    scope: 'openid offline_access items:read',
    resource: audience,
  });
  const { url, transaction } = await createAuthorizationRequest(app);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(app, parameters, transaction);
  const tokens = await exchangeCode(app, response, transaction);
  const verifier = createAccessTokenVerifier({
    ...shared,
    audience,
    introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret'), ...options },
  } as AccessTokenVerifierOptions);
  const asked = () => server.requestsTo('introspection').length;
  return { server, app, verifier, tokens, asked };
}

test('what an issuer was asked about is for verify, which knows what is well formed, and is never recalled', async () => {
  const { verifier, tokens } = await setUp();
  const request = { headers: { authorization: `Bearer ${tokens.accessToken}` } };
  await verifier.verify(request);
  expect(verifier.findCachedRequest?.(request)).toBeUndefined();
});

describe('an opaque token', () => {
  test('is asked about once, by concurrent requests together', async () => {
    const { verifier, tokens, asked } = await setUp();
    const all = await Promise.all(Array.from({ length: 20 }, () => verifier.verifyToken(tokens.accessToken)));
    expect(all[0]).toMatchObject({
      sub: 'alice',
      clientId: 'app',
      scopes: expect.arrayContaining(['items:read']),
    });
    await verifier.verifyToken(tokens.accessToken);
    expect(asked()).toBe(1);
  });

  test('A3: an answer is believed for its time and never beyond exp', async () => {
    const { server, verifier, tokens, asked } = await setUp({ maxAge: 30 });
    await verifier.verifyToken(tokens.accessToken);
    server.clock.advance(29);
    await verifier.verifyToken(tokens.accessToken);
    expect(asked()).toBe(1);
    server.clock.advance(1);
    await verifier.verifyToken(tokens.accessToken);
    expect(asked()).toBe(2);

    const long = await setUp({ maxAge: 3600 });
    await long.verifier.verifyToken(long.tokens.accessToken);
    long.server.clock.advance(131);
    await expect(long.verifier.verifyToken(long.tokens.accessToken)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('that is not active is refused, and not asked about again for a while', async () => {
    const { server, app, verifier, tokens, asked } = await setUp({ negativeMaxAge: 10 });
    await revokeToken(app, tokens.accessToken);
    for (let i = 0; i < 3; i++)
      await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(asked()).toBe(1);
    server.clock.advance(10);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(asked()).toBe(2);
  });

  test('A8: a refresh token is no access token, though it is active', async () => {
    const { verifier, tokens } = await setUp();
    await expect(verifier.verifyToken(tokens.refreshToken as string)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('is neither good nor bad while the issuer cannot be asked', async () => {
    const { server, verifier, tokens } = await setUp();
    server.fail('introspection', { status: 500 });
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ name: 'TransportError' });
    server.fail('introspection', { status: 401, body: '{}' });
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ name: 'TransportError' });
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
  });

  test.each([
    ['another audience', { aud: 'https://other.example.test' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://other.example.test' }],
    ['expired', { exp: 1 }],
    ['another type', { token_type: 'refresh_token' }],
    ['active that is not true', { active: 'true' }],
    ['nobody', { sub: undefined, client_id: undefined }],
  ])('%s is refused', async (_, wrong) => {
    const { server, verifier, tokens } = await setUp();
    const good = {
      active: true,
      iss: server.issuer,
      sub: 'alice',
      client_id: 'app',
      aud: audience,
      exp: 4e9,
    };
    const body = JSON.stringify({ ...good, ...wrong });
    server.fail('introspection', { status: 200, body, headers: { 'content-type': 'application/json' } });
    const error = await verifier.verifyToken(tokens.accessToken).catch((caught: unknown) => caught);
    expect(error).toMatchObject(
      'active' in wrong ? { name: 'TransportError' } : { code: 'invalid_token', status: 401 },
    );
  });

  test('no audience is accepted where that is said', async () => {
    const { server, verifier, tokens } = await setUp({ allowMissingAudience: true });
    const body = JSON.stringify({ active: true, sub: 'alice', client_id: 'app' });
    server.fail('introspection', { status: 200, body, headers: { 'content-type': 'application/json' } });
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe('a signed answer', () => {
  const signed = { signedResponseAlg: 'RS256' } as const;

  test('RFC 9701: is verified, and believed for its time as any other', async () => {
    const { server, app, verifier, tokens, asked } = await setUp({
      ...signed,
      maxAge: 30,
      negativeMaxAge: 10,
    });
    const all = await Promise.all(Array.from({ length: 10 }, () => verifier.verifyToken(tokens.accessToken)));
    expect(all[0]).toMatchObject({ sub: 'alice', clientId: 'app' });
    await verifier.verifyToken(tokens.accessToken);
    expect(asked()).toBe(1);
    await revokeToken(app, tokens.accessToken);
    server.clock.advance(30);
    for (let i = 0; i < 3; i++)
      await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(asked()).toBe(2);
    server.clock.advance(10);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(asked()).toBe(3);
  });

  test.each([
    'introspection_signature_invalid',
    'introspection_key_foreign',
    'introspection_iss_invalid',
    'introspection_aud_invalid',
    'introspection_alg_none',
    'introspection_typ_other',
  ] as const)('RFC 9701: %s is not believed', async (lie) => {
    const { server, verifier, tokens } = await setUp(signed);
    server.lies.add(lie);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ name: 'TransportError' });
    server.lies.clear();
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
  });

  test('RFC 9701: one that is not signed is not believed, active or not', async () => {
    const { server, verifier, tokens } = await setUp(signed);
    const headers = { 'content-type': 'application/json' };
    for (const active of [true, false]) {
      const body = JSON.stringify({ active, sub: 'mallory', client_id: 'app', aud: audience, exp: 4e9 });
      server.fail('introspection', { status: 200, body, headers });
      await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({
        name: 'TransportError',
      });
    }
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe('a JWT', () => {
  test('is verified by its signature, without a question', async () => {
    const { verifier, tokens, asked } = await setUp({}, 'jwt');
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
    expect(asked()).toBe(0);
  });

  test('is asked about where that is wanted, so that revocation is noticed', async () => {
    const { server, app, verifier, tokens } = await setUp({ tokens: 'all', maxAge: 5 }, 'jwt');
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
    await revokeToken(app, tokens.accessToken);
    server.clock.advance(5);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});
