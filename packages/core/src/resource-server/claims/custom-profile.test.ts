import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  type AccessTokenProfile,
  AuthenticatedRequest,
  createAccessTokenVerifier,
  profiles,
} from '../index.ts';

const audience = 'https://api.example.test';

async function setUp(members: Partial<AccessTokenProfile>) {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    profile: { ...profiles.rfc9068, name: 'acme', ...members },
    fetch: server.fetch,
    now: server.clock.now,
  });
  const verify = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const token = await server.mintAccessToken(claims, { header: { typ: 'at+jwt', ...header } });
    return verifier.verifyToken(token);
  };
  return { server, verifier, verify };
}

const readAcme = (claims: Record<string, unknown>) => claims.acme;

describe('a custom profile', () => {
  test('reads the permissions', async () => {
    const { verify } = await setUp({ permissions: readAcme });
    expect(await verify({ acme: ['read', 'write'], permissions: ['admin'] })).toMatchObject({
      permissions: ['read', 'write'],
    });
    expect(await verify({ acme: undefined, permissions: ['admin'] })).toMatchObject({ permissions: [] });
  });

  test('reads the audience, a text or a list', async () => {
    const { verify } = await setUp({ audience: readAcme });
    for (const acme of [audience, ['other', audience]])
      expect(await verify({ acme, aud: 'other' })).toMatchObject({ sub: 'alice' });
    for (const acme of ['other', undefined, []])
      await expect(verify({ acme })).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
  });

  test('reads the time of the login, which limits maxAge', async () => {
    const { server, verifier, verify } = await setUp({ authTime: readAcme });
    server.clock.stop();
    const now = Math.floor(server.clock.now() / 1000);
    const authorize = (accessToken: Awaited<ReturnType<typeof verify>>) =>
      verifier.authorize(new AuthenticatedRequest({ scheme: 'Bearer', token: 'x' }, accessToken), {
        maxAge: 300,
      });
    // The claim `auth_time` of the token does not count.
    authorize(await verify({ acme: now - 100, auth_time: 1 }));
    const early = await verify({ acme: now - 1_000, auth_time: now });
    expect(() => authorize(early)).toThrow(
      expect.objectContaining({ code: 'insufficient_user_authentication' }),
    );
    await expect(verify({ acme: 'yesterday' })).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('reads client, scopes, roles and subject, and decides the kind', async () => {
    const { verify } = await setUp({
      clientId: (claims) => claims.azp,
      scopes: (claims) => claims.scp,
      roles: (claims) => claims.groups,
      subject: (claims) => claims.username,
      kind: () => 'user',
    });
    expect(await verify({ azp: 'spa', scp: 'a b', groups: ['editor'], username: 'carol' })).toMatchObject({
      clientId: 'spa',
      scopes: ['a', 'b'],
      roles: ['editor'],
      sub: 'carol',
      kind: 'user',
    });
  });

  test('accepts its types, requires its claims, and rejects by its reason', async () => {
    const { verify } = await setUp({
      types: ['acme+jwt'],
      required: ['acme'],
      reject: ({ token_use: use }) => (use === 'access' ? undefined : 'The token is not an access token'),
    });
    const claims = { acme: 1, token_use: 'access' };
    expect(await verify(claims, { typ: 'acme+jwt' })).toMatchObject({ sub: 'alice' });
    await expect(verify(claims)).rejects.toMatchObject({ status: 401 });
    await expect(verify({ token_use: 'access' }, { typ: 'acme+jwt' })).rejects.toMatchObject({ status: 401 });
    await expect(verify({ acme: 1, token_use: 'id' }, { typ: 'acme+jwt' })).rejects.toMatchObject({
      message: 'The token is not an access token',
    });
  });

  test.each(['nonce', 'at_hash', 'c_hash', 's_hash', 'events'])(
    'rejects an ID token by its claim %s, unless the profile names the claim',
    async (name) => {
      const types = ['at+jwt', 'jwt', ''];
      const { verify } = await setUp({ types });
      await expect(verify({ [name]: 'x' }, { typ: 'JWT' })).rejects.toMatchObject({
        code: 'invalid_token',
        message: 'The token is an ID token or a logout token, not an access token',
      });
      const { verify: verifyAllowed } = await setUp({ types, allowedIdTokenClaims: [name] });
      expect(await verifyAllowed({ [name]: 'x' }, { typ: 'JWT' })).toMatchObject({ sub: 'alice' });
    },
  );

  test('accepts the claims of ID tokens if only its own type is accepted', async () => {
    const { verify } = await setUp({ types: ['at+jwt'] });
    expect(await verify({ nonce: 'x' })).toMatchObject({ sub: 'alice' });
  });
});
