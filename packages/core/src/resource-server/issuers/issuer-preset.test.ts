import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { entra, keycloak, type ProviderPreset } from '../../providers/index.ts';
import { createAccessTokenVerifier, type TrustedIssuer } from '../index.ts';

const audience = 'https://api.example.test';

async function setUp(issuer: string) {
  const server = await createTestAuthorizationServer({ issuer });
  const verify = async (options: TrustedIssuer, claims: Record<string, unknown>) => {
    const verifier = createAccessTokenVerifier({ ...options, fetch: server.fetch, now: server.clock.now });
    return verifier.verifyToken(await server.mintAccessToken(claims, { header: { typ: 'JWT' } }));
  };
  return { server, verify };
}

const keycloakClaims = {
  aud: audience,
  typ: 'Bearer',
  preferred_username: 'alice',
  realm_access: { roles: ['admin'] },
};

test('an API reads the tokens of a provider as its preset says', async () => {
  const { verify, server } = await setUp('https://id.example.test/realms/a');
  const provider = keycloak({ issuer: server.issuer });
  const token = verify({ provider, audience }, keycloakClaims);
  await expect(token).resolves.toMatchObject({ issuer: server.issuer, kind: 'user', roles: ['admin'] });
  // Without the preset, the profile of RFC 9068 rejects the type.
  await expect(verify({ issuer: server.issuer, audience }, keycloakClaims)).rejects.toThrow(
    'not an access token',
  );
});

test('an option of the application replaces the value of the preset', async () => {
  const { verify, server } = await setUp('https://id.example.test/realms/a');
  const provider = keycloak({ issuer: server.issuer });
  const token = verify({ provider, audience, profile: 'rfc9068' }, keycloakClaims);
  await expect(token).rejects.toThrow('not an access token');
});

test('Entra ID: access tokens of version 1 have another issuer', async () => {
  const tenant = '11111111-2222-3333-4444-555555555555';
  const { verify, server } = await setUp(`https://login.microsoftonline.com/${tenant}/v2.0`);
  const claims = { aud: audience, iss: `https://sts.windows.net/${tenant}/`, appid: 'spa', scp: 'read' };
  const v1 = entra({ tenant, accessTokenVersion: 1 });
  await expect(verify({ provider: v1, audience }, claims)).resolves.toMatchObject({ scopes: ['read'] });
  await expect(verify({ provider: entra({ tenant }), audience }, claims)).rejects.toThrow('issuer');
  await expect(verify({ provider: v1, audience }, { ...claims, iss: server.issuer })).rejects.toThrow(
    'issuer',
  );
});

test('an issuer beside the preset, or neither of them, is an error at creation', () => {
  const provider: ProviderPreset = keycloak({ issuer: 'https://id.example.test/realms/a' });
  const create = (options: object) => () =>
    createAccessTokenVerifier({ audience, ...options } as TrustedIssuer);
  expect(create({ provider, issuer: 'https://other.example.test' })).toThrow(
    expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining('"keycloak"') }),
  );
  expect(create({ provider: keycloak })).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  expect(create({})).toThrow(expect.objectContaining({ code: 'missing_option' }));
});
