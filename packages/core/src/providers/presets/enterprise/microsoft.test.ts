import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../../browser/options.ts';
import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  refreshTokens,
  validateAuthorizationResponse,
} from '../../../index.ts';
import { createAccessTokenVerifier } from '../../../resource-server/index.ts';
import { createNamedPreset } from '../../named-presets.ts';
import type { ProviderPreset } from '../../provider.ts';
import { azureAdB2c } from './azure-ad-b2c.ts';
import { entra, personalAccounts } from './entra.ts';
import { entraExternalId } from './entra-external-id.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const origin = 'https://login.microsoftonline.com';
const template = `${origin}/{tenantid}/v2.0`;
const redirectUri = 'https://app.example.test/callback';

describe('entra', () => {
  test.each([
    ['common', template],
    ['organizations', template],
    ['Contoso.onmicrosoft.com', template],
  ])('%s: the metadata is shared, and acceptTenant decides about the issuer', (name, issuer) => {
    const preset = entra({ tenant: name, acceptTenant: [tenant] });
    const metadataUrl = `${origin}/${name.toLowerCase()}/v2.0/.well-known/openid-configuration`;
    expect(preset).toMatchObject({ issuer, metadataUrl, tenants: { claim: 'tid', acceptTenant: [tenant] } });
    const create = () => entra({ tenant: name });
    expect(create).toThrow(expect.objectContaining({ code: 'missing_option' }));
    expect(create).toThrow('acceptTenant: [');
  });

  test('consumers: the issuer is the tenant of personal accounts', () => {
    expect(entra({ tenant: 'consumers' })).toMatchObject({
      issuer: `${origin}/${personalAccounts}/v2.0`,
      metadataUrl: `${origin}/consumers/v2.0/.well-known/openid-configuration`,
    });
    expect(entra({ tenant: 'consumers' }).tenants).toBeUndefined();
    expect(entra({ tenant }).metadataUrl).toBeUndefined();
  });

  test('an invalid decision is an error', () => {
    const invalid = expect.objectContaining({ code: 'invalid_option' });
    expect(() => entra({ tenant: 'common', acceptTenant: ['contoso'] })).toThrow(invalid);
    expect(() => entra({ tenant, acceptTenant: [tenant] })).toThrow(invalid);
    for (const name of ['', 'x/../y', 'contoso', 'contoso.com/', '{tenantid}'])
      expect(() => entra({ tenant: name, acceptTenant: [tenant] }), name).toThrow(invalid);
    expect(() => createNamedPreset('entra', `${origin}/common/v2.0`)).toThrow('acceptTenant');
  });
});

test('a template is rejected without a decision: by a client, a browser client and an API', () => {
  const { tenants: _, ...preset } = entra({ tenant: 'common', acceptTenant: [tenant] });
  const undecided: ProviderPreset = {
    ...preset,
    tenants: { placeholder: '{tenantid}', claim: 'tid', acceptTenant: undefined as never },
  };
  const misplaced: ProviderPreset = {
    ...preset,
    tenants: { placeholder: '{tenant}', claim: 'tid', acceptTenant: [tenant] },
  };
  const error = expect.objectContaining({
    code: 'invalid_option',
    message: expect.stringContaining('acceptTenant'),
  });
  for (const options of [
    { issuer: template },
    ...[preset, undecided, misplaced].map((provider) => ({ provider })),
  ]) {
    expect(() => createClient({ ...options, clientId: 'web' })).toThrow(error);
    expect(() => resolveOptions({ ...options, clientId: 'spa', redirectUri })).toThrow(error);
    expect(() => createAccessTokenVerifier({ ...options, audience: 'https://api.example' })).toThrow(error);
  }
});

test('an API does not introspect the tokens of tenants, and does not publish the template', () => {
  const provider = entra({ tenant: 'common', acceptTenant: [tenant] });
  const introspection = { clientId: 'api', clientAuthentication: { apply() {} } } as never;
  const audience = 'https://api.example';
  expect(() => createAccessTokenVerifier({ provider, audience, introspection })).toThrow('introspection');
  const protectedResource = { resource: audience };
  const { metadata } = createAccessTokenVerifier({ provider, audience, protectedResource });
  expect(metadata).not.toHaveProperty('authorization_servers');
});

async function logIn(
  provider: ProviderPreset,
  server: Awaited<ReturnType<typeof createTestAuthorizationServer>>,
) {
  const options = { provider, clientId: 'spa', redirectUri, fetch: server.fetch, now: server.clock.now };
  const client = createClient({ ...options, refreshTokens: true, onEvent() {} });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  return {
    client,
    url,
    tokens: await exchangeCode(
      client,
      await validateAuthorizationResponse(client, parameters, transaction),
      transaction,
    ),
  };
}

describe('azureAdB2c', () => {
  const id = '0a1b2c3d-0000-4000-8000-00000000000c';
  const create = (policy: string, more: object = {}) =>
    azureAdB2c({
      tenant: id,
      host: 'tenant.b2clogin.com',
      policy,
      tenantInUrls: 'tenant.onmicrosoft.com',
      ...more,
    });
  const clients = [{ clientId: 'spa', redirectUris: [redirectUri] }];

  test('a login requests the client ID as a scope, and so receives an access token', async () => {
    const server = await createTestAuthorizationServer({ flavour: 'azure-b2c', clients });
    const provider = create('B2C_1_signupsignin1');
    const { client, url, tokens } = await logIn(provider, server);
    expect(url.searchParams.get('scope')).toBe('openid spa offline_access');
    expect(tokens.claims).toMatchObject({ iss: server.issuer, tfp: 'b2c_1_signupsignin1' });
    const next = await refreshTokens(client, tokens.refreshToken ?? '', { claims: tokens.claims });
    const verifier = createAccessTokenVerifier({
      provider,
      audience: 'spa',
      fetch: server.fetch,
      now: server.clock.now,
    });
    await expect(verifier.verifyToken(next.accessToken)).resolves.toMatchObject({ issuer: server.issuer });
  });

  test('the ID token of another policy of the tenant is rejected', async () => {
    const { wrongClaim } = create('B2C_1_admin');
    const claims = { iss: '', sub: '', aud: '', exp: 0, iat: 0 };
    expect(wrongClaim?.({ ...claims, tfp: 'b2c_1_admin' })).toBeUndefined();
    expect(wrongClaim?.({ ...claims, acr: 'b2c_1_admin' })).toBeUndefined();
    expect(wrongClaim?.({ ...claims, tfp: 'b2c_1_signup', acr: 'b2c_1_admin' })).toBe('tfp');
    expect(wrongClaim?.({ ...claims, acr: 'b2c_1_signup' })).toBe('acr');
    expect(wrongClaim?.(claims)).toBe('tfp');
    const server = await createTestAuthorizationServer({ flavour: 'azure-b2c', clients });
    const other = { ...create('B2C_1_admin'), metadataUrl: server.metadataUrl };
    await expect(logIn(other, server)).rejects.toMatchObject({ code: 'id_token_invalid', check: 'tfp' });
  });

  test('the issuer and the metadata', () => {
    expect(create('a', { issuerFormat: 'tfp', tenantInUrls: undefined })).toMatchObject({
      issuer: `https://tenant.b2clogin.com/tfp/${id}/a/v2.0/`,
      metadataUrl: `https://tenant.b2clogin.com/${id}/a/v2.0/.well-known/openid-configuration`,
    });
    const invalid = expect.objectContaining({ code: 'invalid_option' });
    for (const options of [{ tenant: 'x' }, { host: 'a/b' }, { policy: 'a/..' }, { tenantInUrls: '..' }])
      expect(() => create('a', options)).toThrow(invalid);
  });
});

test('entraExternalId: the issuer has the tenant as its host, and the metadata is at the host of the login', async () => {
  const provider = entraExternalId({ tenant: tenant.toUpperCase(), host: 'contoso.ciamlogin.com' });
  const issuer = `https://${tenant}.ciamlogin.com/${tenant}/v2.0`;
  expect(provider).toMatchObject({
    issuer,
    metadataUrl: `https://contoso.ciamlogin.com/${tenant}/v2.0/.well-known/openid-configuration`,
  });
  const other = entraExternalId({
    tenant,
    host: 'login.contoso.example',
    issuer: 'https://login.contoso.example/a',
  });
  expect(other.issuer).toBe('https://login.contoso.example/a');
  expect(() => entraExternalId({ tenant, host: 'https://a.b' })).toThrow('host');
});
