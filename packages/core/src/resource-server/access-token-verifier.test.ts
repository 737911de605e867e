import { describe, expect, test } from 'vitest';
import { audience, request, startVerifier } from '../../tests/support/resource-server/start-verifier.ts';
import { none } from '../client/wire/client-authentication.ts';
import { type AccessTokenVerifierOptions, createAccessTokenVerifier } from './index.ts';

describe('verify', () => {
  test.each(['RS256', 'PS256', 'ES256', 'Ed25519'])(
    'verifies a token with %s once and caches it',
    async (alg) => {
      const { server, verifier, events } = await startVerifier();
      const token = await server.mintAccessToken({ scope: 'items:read items:write' }, { alg });
      const { accessToken, scheme } = await verifier.verify(request(`Bearer ${token}`));
      expect(scheme).toBe('Bearer');
      expect(accessToken).toMatchObject({
        issuer: server.issuer,
        sub: 'alice',
        clientId: 'app',
        scopes: ['items:read', 'items:write'],
      });
      expect((await verifier.verify(request(`bearer  ${token}`))).accessToken).toBe(accessToken);
      expect(events.filter(({ type }) => type === 'token.accepted')).toEqual([
        { type: 'token.accepted', issuer: server.issuer, cached: false },
        { type: 'token.accepted', issuer: server.issuer, cached: true },
      ]);
      expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['discovery', 'jwks']);
    },
  );

  test('returns a frozen token', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ nested: { list: ['a'] } });
    const verified = await verifier.verifyToken(token);
    expect(() => (verified.scopes as string[]).push('admin')).toThrow(TypeError);
    expect(() => (verified.claims.nested as { list: string[] }).list.push('b')).toThrow(TypeError);
  });

  test('does not print the token with an authenticated request', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    expect(authenticated.token).toBe(token);
    const { inspect } = await import('node:util');
    expect(
      inspect(authenticated, { showHidden: true, depth: 9 }) + JSON.stringify(authenticated),
    ).not.toContain(token);
  });

  test('reads a Headers object', async () => {
    const { server, verifier } = await startVerifier();
    const headers = new Headers({ authorization: `Bearer ${await server.mintAccessToken()}` });
    await expect(verifier.verify({ method: 'GET', url: '/', headers })).resolves.toBeDefined();
  });
});

describe('verifyToken', () => {
  test.each([undefined, null, 42, {}, []])('rejects %j, which is not a string', async (token) => {
    const { verifier } = await startVerifier();
    await expect(verifier.verifyToken(token as unknown as string)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('compares the token with the expected values', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    const expected = { issuer: server.issuer, clientId: 'app', resource: audience, sub: 'alice' };
    await expect(verifier.verifyToken(token, expected)).resolves.toMatchObject({ sub: 'alice' });
    for (const difference of [
      { clientId: 'web' },
      { sub: 'bob' },
      { resource: 'https://x' },
      { issuer: 'https://x' },
    ])
      await expect(verifier.verifyToken(token, { ...expected, ...difference })).rejects.toMatchObject({
        code: 'invalid_token',
      });
  });
});

describe('createAccessTokenVerifier', () => {
  test.each([
    [{ audience: undefined }, 'missing_option'],
    [{ audience: [] }, 'missing_option'],
    [{ audience: '' }, 'missing_option'],
    [{ issuer: 'http://auth.example.test' }, 'insecure_issuer'],
    [{ issuer: undefined }, 'missing_option'],
    [{ jwksUri: 'http://auth.example.test/jwks' }, 'invalid_option'],
    [{ profile: 'auth1' }, 'invalid_option'],
    [{ clockTolerance: 301 }, 'invalid_option'],
    [{ clockTolerance: Number.NaN }, 'invalid_option'],
    [{ requireBinding: 'dpop' }, 'missing_option'],
    [{ dpop: {} }, 'missing_option'],
    [{ requireBinding: 'mTLS' }, 'invalid_option'],
    [{ requireBinding: false }, 'invalid_option'],
    [{ issuers: [] }, 'missing_option'],
    [{ introspection: true }, 'missing_option'],
    [{ introspection: {} }, 'missing_option'],
    [{ introspection: { clientId: 'api' } }, 'missing_option'],
    [{ introspection: { clientId: '', clientAuthentication: none() } }, 'missing_option'],
    [{ introspection: { clientId: 'api', clientAuthentication: 'client_secret_basic' } }, 'missing_option'],
    [{ introspection: { clientId: 'api', clientAuthentication: none(), tokens: 'any' } }, 'invalid_option'],
    [{ issuers: [{ issuer: 'https://other.example.test', audience }] }, 'invalid_option'],
    [{ issuer: undefined, issuers: [{ issuer: 'https://other.example.test', audience }] }, 'invalid_option'],
    [
      {
        issuer: undefined,
        audience: undefined,
        validate: () => {},
        issuers: [{ issuer: 'https://other.example.test', audience }],
      },
      'invalid_option',
    ],
    [{ jwks: { keys: [{ kty: 'RSA' }] }, jwksUri: 'https://auth.example.test/jwks' }, 'invalid_option'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'invalid_option'],
    [{ jwks: { keys: [] } }, 'invalid_option'],
    [{ discovery: 'oidc' }, 'invalid_option'],
  ])('throws for the options %j', (wrong, code) => {
    const options = { issuer: 'https://auth.example.test', audience, ...wrong } as AccessTokenVerifierOptions;
    expect(() => createAccessTokenVerifier(options)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', code }),
    );
  });
});
