import { describe, expect, test } from 'vitest';
import { createClient, createEndSessionUrl } from '../index.ts';
import {
  adfs,
  apple,
  atlassian,
  authelia,
  authentik,
  cognito,
  dex,
  entra,
  github,
  gitlab,
  google,
  hydra,
  kanidm,
  keycloak,
  line,
  linkedin,
  logto,
  okta,
  type ProviderPreset,
  salesforce,
  spring,
  twitch,
  zitadel,
} from './index.ts';
import { createNamedPreset } from './named-presets.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const invalid = expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' });
const missing = expect.objectContaining({ name: 'ConfigurationError', code: 'missing_option' });

/** The count of relaxed checks of presets whose logins differ from OpenID Connect. */
const relaxations: Readonly<Record<string, number>> = {
  apple: 1,
  atlassian: 1,
  github: 1,
  line: 1,
  linkedin: 2,
};

test.each<readonly [ProviderPreset, string]>([
  [cognito({ userPoolId: 'eu-west-1_AbC1' }), 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC1'],
  [
    cognito({ userPoolId: 'cn-north-1_AbC1' }),
    'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC1',
  ],
  [
    cognito({ userPoolId: 'us-gov-west-1_AbC1' }),
    'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbC1',
  ],
  [entra({ tenant: tenant.toUpperCase() }), `https://login.microsoftonline.com/${tenant}/v2.0`],
  [google(), 'https://accounts.google.com'],
  [keycloak({ issuer: 'https://id.example/realms/a' }), 'https://id.example/realms/a'],
  [okta({ domain: 'acme.okta.com' }), 'https://acme.okta.com'],
  [okta({ domain: 'acme.okta.com', authorizationServer: 'default' }), 'https://acme.okta.com/oauth2/default'],
  ...[
    adfs,
    authelia,
    authentik,
    dex,
    gitlab,
    hydra,
    kanidm,
    keycloak,
    logto,
    salesforce,
    spring,
    zitadel,
  ].map((create) => [create({ issuer: 'https://id.example/a/' }), 'https://id.example/a/'] as const),
  [github(), 'https://github.com'],
  [atlassian(), 'https://auth.atlassian.com'],
  [apple(), 'https://appleid.apple.com'],
  [line({ channelSecret: 'secret' }), 'https://access.line.me'],
  [linkedin(), 'https://www.linkedin.com/oauth'],
  [twitch(), 'https://id.twitch.tv/oauth2'],
])('%#: the preset has the issuer of the provider', (preset, issuer) => {
  expect(preset.issuer).toBe(issuer);
  expect(createClient({ provider: preset, clientId: 'web' }).issuer).toBe(issuer);
  const acceptsLogoutTokens = preset.allowLogoutTokenWithoutExp === true;
  expect(preset.relaxes).toHaveLength(relaxations[preset.name] ?? (acceptsLogoutTokens ? 1 : 0));
  expect(
    createClient({ provider: preset, clientId: 'web' }).options.allowLogoutTokenWithoutExp === true,
  ).toBe(acceptsLogoutTokens);
});

test('an invalid option of a preset is an error that names it', () => {
  for (const name of ['acme', '', 'x/../y']) expect(() => entra({ tenant: name }), name).toThrow(invalid);
  for (const userPoolId of ['', 'pool', 'eu-west-1_a/b', 'evil.example/#eu-west-1_a'])
    expect(() => cognito({ userPoolId }), userPoolId).toThrow(invalid);
  expect(() => okta({ domain: 'https://acme.okta.com' })).toThrow(invalid);
  expect(() => keycloak({ issuer: 'id.example' })).toThrow(invalid);
  expect(() => dex({ issuer: '' })).toThrow(missing);
});

test('an application that chooses the metadata replaces both members of the preset', () => {
  const metadataUrl = 'https://meta.example/';
  const { options } = createClient({ provider: github(), clientId: 'web', metadataUrl });
  expect([options.metadata, options.metadataUrl]).toEqual([undefined, metadataUrl]);
});

describe('the options of a client', () => {
  const provider = keycloak({ issuer: 'https://id.example/realms/a' });

  test('replace the values of the preset, unless they are undefined', () => {
    const options = { provider: atlassian(), clientId: 'web' };
    expect(createClient({ ...options, scope: undefined }).options.scope).toBe('read:me');
    const client = createClient({
      ...options,
      scope: 'a',
      authorizationParameters: { audience: 'b', x: 'c' },
    });
    expect(client.options.scope).toBe('a');
    expect(client.options.authorizationParameters).toEqual({ audience: 'b', x: 'c' });
  });

  test('contain the issuer once: another one beside the preset is an error', () => {
    const client = createClient({ provider, issuer: provider.issuer, clientId: 'web' });
    expect(client.issuer).toBe(provider.issuer);
    expect(() => createClient({ provider, issuer: 'https://other.example', clientId: 'web' })).toThrow(
      invalid,
    );
  });

  test('contain an issuer or a preset', () => {
    // @ts-expect-error: neither an issuer nor a preset.
    expect(() => createClient({ clientId: 'web' })).toThrow(missing);
    // @ts-expect-error: the function instead of its result.
    expect(() => createClient({ provider: keycloak, clientId: 'web' })).toThrow(invalid);
  });
});

describe('the preset of AUTH_PROVIDER', () => {
  test.each([
    ['google', undefined, 'https://accounts.google.com'],
    ['keycloak', 'https://id.example/realms/a', 'https://id.example/realms/a'],
    ['entra', `https://login.microsoftonline.com/${tenant}/v2.0`, undefined],
    ['auth0', 'https://tenant.auth0.com/', undefined],
    ['okta', 'https://acme.okta.com/oauth2/default', undefined],
    ['okta', 'https://acme.okta.com', undefined],
    ['cognito', 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC1', undefined],
    ['adfs', 'https://adfs.example/adfs', undefined],
    ['apple', undefined, 'https://appleid.apple.com'],
    ['atlassian', undefined, 'https://auth.atlassian.com'],
    ['github', undefined, 'https://github.com'],
    ['linkedin', undefined, 'https://www.linkedin.com/oauth'],
    ['twitch', undefined, 'https://id.twitch.tv/oauth2'],
  ])('%s with the issuer %s', (name, issuer, expected = issuer) => {
    const preset = createNamedPreset(name, issuer);
    expect([preset.name, preset.issuer]).toEqual([name, expected]);
  });

  test('is an error for an unknown name, or without the issuer that it needs', () => {
    for (const name of ['acme', '', 'toString', 'oauth2'])
      expect(() => createNamedPreset(name, undefined)).toThrow(invalid);
    expect(() => createNamedPreset('keycloak', undefined)).toThrow(missing);
    expect(() => createNamedPreset('keycloak', 'text')).toThrow(invalid);
    expect(() => createNamedPreset('auth0', 'https://t.auth0.com')).toThrow(
      'expected "https://t.auth0.com/"',
    );
    expect(() => createNamedPreset('google', 'https://id.example')).toThrow('AUTH_ISSUER');
  });
});

test('AD FS: access tokens have the http issuer of the host, or that of the option', () => {
  const issuer = 'https://adfs.example:8443/adfs';
  expect(adfs({ issuer }).accessTokens?.issuer).toBe('http://adfs.example:8443/adfs/services/trust');
  const accessTokenIssuer = 'http://sts.example/adfs/services/trust';
  expect(adfs({ issuer, accessTokenIssuer }).accessTokens?.issuer).toBe(accessTokenIssuer);
});

test('Cognito: the logout URL has client_id and logout_uri at the domain of the hosted pages', async () => {
  const metadata = {
    authorization_endpoint: 'https://shop.auth.eu-west-1.amazoncognito.com/oauth2/authorize',
  };
  const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC1';
  const expected =
    'https://shop.auth.eu-west-1.amazoncognito.com/logout?client_id=spa&logout_uri=https%3A%2F%2Fapp.example%2F';
  const postLogoutRedirectUri = 'https://app.example/';
  for (const provider of [cognito({ userPoolId: 'eu-west-1_AbC1' }), undefined]) {
    const client = createClient({
      issuer,
      provider,
      clientId: 'spa',
      metadata: { issuer, ...metadata },
      onEvent() {},
    });
    expect((await createEndSessionUrl(client, { postLogoutRedirectUri }))?.href).toBe(expected);
    expect(await createEndSessionUrl(client, {})).toBeUndefined();
  }
});

test('a recognized provider is reported once: as an event, or in the console', async () => {
  const issuer = 'https://accounts.google.com';
  const options = { issuer, clientId: 'web', metadata: { issuer } };
  const events: unknown[] = [];
  const client = createClient({ ...options, onEvent: (event) => events.push(event) });
  await createEndSessionUrl(client);
  await createEndSessionUrl(client);
  expect(events).toEqual([{ type: 'provider.recognized', issuer, name: 'google' }]);
  const lines: string[] = [];
  const write = console.info;
  console.info = (line: string) => void lines.push(line);
  try {
    const silent = createClient(options);
    await createEndSessionUrl(silent);
    await createEndSessionUrl(silent);
    await createEndSessionUrl(createClient({ ...options, provider: google() }));
  } finally {
    console.info = write;
  }
  expect(lines).toEqual([expect.stringContaining('provider: google(...)')]);
});
