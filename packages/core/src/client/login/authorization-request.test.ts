import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { getSigningKey } from '../../../tests/support/client/signing-key.ts';
import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../index.ts';

describe('createAuthorizationRequest', () => {
  test('sends each option as its standard parameter', async () => {
    const { client } = await createHarness();
    const { url, transaction } = await createAuthorizationRequest(client, {
      scope: 'openid orders:read',
      resource: ['https://a.example', 'https://b.example'],
      maxAge: 0,
      acrValues: ['gold', 'silver'],
      prompt: 'login',
      loginHint: 'alice@example.test',
      idTokenHint: 'hint',
      uiLocales: ['de', 'en'],
      claims: { id_token: { email: null } },
      authorizationDetails: [{ type: 'payment', amount: '10' }],
      parameters: { organization: 'acme' },
    });
    const { state, nonce } = transaction;
    expect([...url.searchParams].sort()).toEqual(
      [
        ['acr_values', 'gold silver'],
        ['authorization_details', '[{"type":"payment","amount":"10"}]'],
        ['claims', '{"id_token":{"email":null}}'],
        ['client_id', 'web'],
        ['code_challenge', expect.any(String)],
        ['code_challenge_method', 'S256'],
        ['id_token_hint', 'hint'],
        ['login_hint', 'alice@example.test'],
        ['max_age', '0'],
        ['nonce', nonce],
        ['organization', 'acme'],
        ['prompt', 'login'],
        ['redirect_uri', 'https://app.example.test/callback'],
        ['resource', 'https://a.example'],
        ['resource', 'https://b.example'],
        ['response_type', 'code'],
        ['scope', 'openid orders:read'],
        ['state', state],
        ['ui_locales', 'de en'],
      ].sort(),
    );
    expect(transaction).toMatchObject({
      maxAge: 0,
      acrValues: ['gold', 'silver'],
      resource: ['https://a.example', 'https://b.example'],
    });
  });

  test('keeps the query of the authorization endpoint', async () => {
    const endpoint = 'https://auth.example.test/authorize?policy=signin';
    const { client } = await createHarness({ server: { metadata: { authorization_endpoint: endpoint } } });
    const { url } = await createAuthorizationRequest(client);
    expect(url.searchParams.get('policy')).toBe('signin');
    expect(url.searchParams.get('client_id')).toBe('web');
  });

  test('returns the granted authorization details (RFC 9396)', async () => {
    const harness = await createHarness();
    const authorizationDetails = [{ type: 'payment', amount: '10' }];
    expect((await harness.logIn({ authorizationDetails })).authorizationDetails).toEqual(
      authorizationDetails,
    );
  });

  test('sends all parameters in a signed request object, and repeats those that OpenID Connect requires', async () => {
    const { key, jwk } = await getSigningKey('ES256');
    const harness = await createHarness({
      registration: { jwks: { keys: [jwk] } },
      client: { requestObjectSigningKey: { key, kid: jwk.kid as string } },
    });
    const { url, transaction } = await createAuthorizationRequest(harness.client, {
      resource: ['https://a.example', 'https://b.example'],
      claims: { id_token: { email: null } },
      maxAge: 60,
    });
    expect([...url.searchParams].filter(([name]) => name !== 'request').sort()).toEqual([
      ['client_id', 'web'],
      ['response_type', 'code'],
      ['scope', transaction.scope],
    ]);
    const request = url.searchParams.get('request') as string;
    expect(decodeProtectedHeader(request)).toMatchObject({
      alg: 'ES256',
      typ: 'oauth-authz-req+jwt',
      kid: jwk.kid,
    });
    expect(decodeJwt(request)).toMatchObject({
      iss: 'web',
      aud: harness.server.issuer,
      resource: ['https://a.example', 'https://b.example'],
      claims: { id_token: { email: null } },
      max_age: 60,
      response_type: 'code',
      scope: transaction.scope,
      state: transaction.state,
    });
    const { parameters } = await harness.server.authorize(url);
    const response = await validateAuthorizationResponse(harness.client, parameters, transaction);
    expect((await exchangeCode(harness.client, response, transaction)).claims).toMatchObject({
      sub: 'alice',
    });
  });

  test('sends only client_id beside a signed request object without the scope openid (RFC 9101)', async () => {
    const { key, jwk } = await getSigningKey('ES256');
    const harness = await createHarness({
      registration: { jwks: { keys: [jwk] } },
      client: { requestObjectSigningKey: { key }, scope: 'orders:read' },
    });
    const { url } = await createAuthorizationRequest(harness.client);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request']);
    expect((await harness.server.authorize(url)).parameters.has('code')).toBe(true);
  });

  test('pushes the request if the provider requires it, and fails if it has no endpoint', async () => {
    const required = await createHarness({ server: { requirePushedAuthorizationRequests: true } });
    await required.logIn();
    expect(required.calls().slice(0, 3)).toEqual([
      'discovery',
      'pushed_authorization_request',
      'authorization',
    ]);
    const missing = await createHarness({
      server: { metadata: { pushed_authorization_request_endpoint: undefined } },
      client: { pushedAuthorizationRequests: 'always' },
    });
    await expect(createAuthorizationRequest(missing.client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unsupported_by_provider',
    });
  });

  test("reports the provider's error to a pushed request", async () => {
    const { client } = await createHarness({
      registration: { redirectUris: ['https://other.example/'] },
      client: { pushedAuthorizationRequests: 'always' },
    });
    await expect(createAuthorizationRequest(client)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'endpoint_error',
      error: 'invalid_request',
    });
  });

  test('rejects a missing redirect URI, and names the option', async () => {
    const client = createClient({ issuer: 'https://auth.example.test', clientId: 'web' });
    await expect(createAuthorizationRequest(client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'missing_option',
      message: expect.stringContaining('redirectUri'),
    });
  });
});
