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
    accessTokenLifetime: 100,
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
  const countIntrospections = () => server.requestsTo('introspection').length;
  return { server, app, verifier, tokens, countIntrospections };
}

test('findCachedRequest never returns an introspected token', async () => {
  const { verifier, tokens } = await setUp();
  const request = { headers: { authorization: `Bearer ${tokens.accessToken}` } };
  await verifier.verify(request);
  expect(verifier.findCachedRequest?.(request)).toBeUndefined();
});

describe('an opaque token', () => {
  test('is introspected once for concurrent requests', async () => {
    const { verifier, tokens, countIntrospections } = await setUp();
    const all = await Promise.all(Array.from({ length: 20 }, () => verifier.verifyToken(tokens.accessToken)));
    expect(all[0]).toMatchObject({
      sub: 'alice',
      clientId: 'app',
      scopes: expect.arrayContaining(['items:read']),
    });
    await verifier.verifyToken(tokens.accessToken);
    expect(countIntrospections()).toBe(1);
  });

  test('A3: is cached for maxAge, and never beyond exp', async () => {
    const { server, verifier, tokens, countIntrospections } = await setUp({ maxAge: 30 });
    await verifier.verifyToken(tokens.accessToken);
    server.clock.advance(29);
    await verifier.verifyToken(tokens.accessToken);
    expect(countIntrospections()).toBe(1);
    server.clock.advance(1);
    await verifier.verifyToken(tokens.accessToken);
    expect(countIntrospections()).toBe(2);

    const longLived = await setUp({ maxAge: 3600 });
    await longLived.verifier.verifyToken(longLived.tokens.accessToken);
    longLived.server.clock.advance(131);
    await expect(longLived.verifier.verifyToken(longLived.tokens.accessToken)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('is rejected if it is not active, and not introspected again for negativeMaxAge', async () => {
    const { server, app, verifier, tokens, countIntrospections } = await setUp({ negativeMaxAge: 10 });
    await revokeToken(app, tokens.accessToken);
    for (let i = 0; i < 3; i++)
      await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(countIntrospections()).toBe(1);
    server.clock.advance(10);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(countIntrospections()).toBe(2);
  });

  test('A8: is rejected if it is an active refresh token', async () => {
    const { verifier, tokens } = await setUp();
    await expect(verifier.verifyToken(tokens.refreshToken as string)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('leads to 503 while introspection is unavailable', async () => {
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
    ['an exp in the past', { exp: 1 }],
    ['another type', { token_type: 'refresh_token' }],
    ['an active that is not a boolean', { active: 'true' }],
    ['no subject', { sub: undefined, client_id: undefined }],
  ])('is rejected with %s', async (_, difference) => {
    const { server, verifier, tokens } = await setUp();
    const good = {
      active: true,
      iss: server.issuer,
      sub: 'alice',
      client_id: 'app',
      aud: audience,
      exp: 4e9,
    };
    const body = JSON.stringify({ ...good, ...difference });
    server.fail('introspection', { status: 200, body, headers: { 'content-type': 'application/json' } });
    const error = await verifier.verifyToken(tokens.accessToken).catch((caught: unknown) => caught);
    expect(error).toMatchObject(
      'active' in difference ? { name: 'TransportError' } : { code: 'invalid_token', status: 401 },
    );
  });

  test('is accepted without an audience with allowMissingAudience', async () => {
    const { server, verifier, tokens } = await setUp({ allowMissingAudience: true });
    const body = JSON.stringify({ active: true, sub: 'alice', client_id: 'app' });
    server.fail('introspection', { status: 200, body, headers: { 'content-type': 'application/json' } });
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe('a signed response', () => {
  const signed = { signedResponseAlg: 'RS256' } as const;

  test('RFC 9701: is verified and cached', async () => {
    const { server, app, verifier, tokens, countIntrospections } = await setUp({
      ...signed,
      maxAge: 30,
      negativeMaxAge: 10,
    });
    const all = await Promise.all(Array.from({ length: 10 }, () => verifier.verifyToken(tokens.accessToken)));
    expect(all[0]).toMatchObject({ sub: 'alice', clientId: 'app' });
    await verifier.verifyToken(tokens.accessToken);
    expect(countIntrospections()).toBe(1);
    await revokeToken(app, tokens.accessToken);
    server.clock.advance(30);
    for (let i = 0; i < 3; i++)
      await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(countIntrospections()).toBe(2);
    server.clock.advance(10);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ status: 401 });
    expect(countIntrospections()).toBe(3);
  });

  test.each([
    'introspection_signature_invalid',
    'introspection_key_foreign',
    'introspection_iss_invalid',
    'introspection_aud_invalid',
    'introspection_alg_none',
    'introspection_typ_other',
    'introspection_member_repeated',
  ] as const)('RFC 9701: leads to 503 with %s', async (fault) => {
    const { server, verifier, tokens } = await setUp(signed);
    server.faults.add(fault);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ name: 'TransportError' });
    server.faults.clear();
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
  });

  test('RFC 9701: an unsigned response leads to 503, active or not', async () => {
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
  test('is verified by its signature, without introspection', async () => {
    const { verifier, tokens, countIntrospections } = await setUp({}, 'jwt');
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
    expect(countIntrospections()).toBe(0);
  });

  test('is introspected with tokens: all, so that a revocation is detected', async () => {
    const { server, app, verifier, tokens } = await setUp({ tokens: 'all', maxAge: 5 }, 'jwt');
    await expect(verifier.verifyToken(tokens.accessToken)).resolves.toBeDefined();
    await revokeToken(app, tokens.accessToken);
    server.clock.advance(5);
    await expect(verifier.verifyToken(tokens.accessToken)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});
