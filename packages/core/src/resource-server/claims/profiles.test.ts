import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { type AccessTokenProfileName, createAccessTokenVerifier, profiles } from '../index.ts';

const audience = 'https://api.example.test';

async function verify(
  profile: AccessTokenProfileName,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = { typ: 'JWT' },
) {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience: profile === 'cognito' ? 'app' : audience,
    profile,
    fetch: server.fetch,
  });
  return verifier.verifyToken(await server.mintAccessToken(claims, { header }));
}

const none = { client_id: undefined, scope: undefined, jti: undefined };

describe('reads the tokens of', () => {
  test('auth0', async () => {
    const claims = { ...none, azp: 'spa', scope: 'openid read:items', permissions: ['read:items'] };
    await expect(verify('auth0', claims)).resolves.toMatchObject({
      clientId: 'spa',
      scopes: ['openid', 'read:items'],
      permissions: ['read:items'],
    });
  });

  test('keycloak', async () => {
    const claims = {
      ...none,
      jti: '1',
      typ: 'Bearer',
      azp: 'spa',
      realm_access: { roles: ['admin'] },
      resource_access: { items: { roles: ['editor'] }, odd: null },
    };
    await expect(verify('keycloak', claims)).resolves.toMatchObject({
      clientId: 'spa',
      roles: ['admin', 'items:editor'],
    });
  });

  test('entra', async () => {
    const claims = { ...none, azp: 'spa', scp: 'Items.Read Items.Write', roles: ['Admin'] };
    await expect(verify('entra', claims)).resolves.toMatchObject({
      clientId: 'spa',
      scopes: ['Items.Read', 'Items.Write'],
      roles: ['Admin'],
    });
  });

  test('okta', async () => {
    const claims = { ...none, jti: '1', cid: 'spa', scp: ['items:read'], groups: ['Everyone'] };
    await expect(verify('okta', claims, { typ: undefined })).resolves.toMatchObject({
      clientId: 'spa',
      scopes: ['items:read'],
      roles: ['Everyone'],
    });
  });

  test('cognito', async () => {
    const claims = { aud: undefined, token_use: 'access', 'cognito:groups': ['admin'], scope: 'api/read' };
    await expect(verify('cognito', claims, { typ: undefined })).resolves.toMatchObject({
      clientId: 'app',
      roles: ['admin'],
      scopes: ['api/read'],
    });
  });

  test('hydra', async () => {
    const claims = { scope: undefined, scp: ['items:read'], ext: { roles: ['admin'] } };
    await expect(verify('hydra', claims)).resolves.toMatchObject({
      scopes: ['items:read'],
      roles: ['admin'],
    });
  });

  test('authelia', async () => {
    const claims = { scope: undefined, scp: ['items:read'] };
    await expect(verify('authelia', claims, { typ: 'at+jwt' })).resolves.toMatchObject({
      scopes: ['items:read'],
    });
  });

  test('spring', async () => {
    const claims = { client_id: undefined, scope: ['items:read'] };
    const user = await verify('spring', { ...claims, username: 'alice' }, { typ: undefined });
    expect(user).toMatchObject({ kind: 'user', scopes: ['items:read'] });
    // R3: the subject of a client is not a user, although it differs from the audience.
    await expect(verify('spring', { ...claims, sub: 'billing-job' })).resolves.toMatchObject({
      kind: 'client',
    });
  });
});

describe('A8: each profile rejects another kind of token', () => {
  test.each<[AccessTokenProfileName, Record<string, unknown>]>([
    ['auth0', { nonce: 'n' }],
    ['auth0', { at_hash: 'x' }],
    ['auth0', { events: {} }],
    ['keycloak', { typ: 'ID' }],
    ['keycloak', { typ: 'Refresh' }],
    ['keycloak', { typ: undefined }],
    ['entra', { azp: undefined, appid: undefined }],
    ['entra', { azp: 'spa', nonce: 'n' }],
    ['okta', { cid: undefined }],
    ['okta', { cid: 'spa', nonce: 'n' }],
    ['hydra', { nonce: 'n' }],
    ['hydra', { at_hash: 'x' }],
    ['authelia', { nonce: 'n' }],
    ['spring', { nonce: 'n' }],
    ['spring', { azp: 'web' }],
    ['spring', { sid: 's' }],
    ['spring', { auth_time: 1 }],
    ['cognito', { token_use: 'id', aud: undefined }],
    ['cognito', { token_use: undefined, aud: undefined }],
    ['cognito', { token_use: 'access', aud: undefined, client_id: 'other' }],
    ['cognito', { token_use: 'access', aud: 'other' }],
  ])('%s %j', async (profile, claims) => {
    await expect(verify(profile, claims)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test.each<AccessTokenProfileName>(['auth0', 'keycloak', 'entra'])('%s requires a typ', async (profile) => {
    const claims = { typ: 'Bearer', azp: 'spa' };
    await expect(verify(profile, claims, { typ: undefined })).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });
});

test('each profile except rfc9068 lists the rules that it relaxes', () => {
  expect(profiles.rfc9068.relaxes).toEqual([]);
  for (const { name, relaxes } of Object.values(profiles)) {
    if (name === 'rfc9068') continue;
    expect(relaxes.length).toBeGreaterThan(0);
    for (const rule of relaxes) expect(rule).toMatch(/^section 2/);
  }
});
