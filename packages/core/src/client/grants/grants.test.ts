import { createTestAuthorizationServer } from '@countersign/testing';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/conformance/harness.ts';
import { getSigningKey } from '../../../tests/conformance/signing-key.ts';
import {
  clientSecretBasic,
  createClient,
  createClientCredentialsTokens,
  exchangeAssertion,
  exchangeToken,
  introspectToken,
  none,
  privateKeyJwt,
  requestClientCredentials,
  requestDeviceAuthorization,
} from '../../index.ts';

describe('client credentials', () => {
  test('one request serves everybody, until shortly before the end of the token', async () => {
    const { client, server } = await createHarness({ registration: { scope: 'jobs:run' } });
    server.clock.stop();
    const tokens = createClientCredentialsTokens(client);
    const request = { scope: 'jobs:run', resource: 'https://api.example' };
    const all = await Promise.all(Array.from({ length: 10 }, () => tokens.getAccessToken(request)));
    expect(new Set(all.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(server.requestsTo('token')).toHaveLength(1);
    expect(server.requestsTo('token')[0]?.body).toEqual({ grant_type: 'client_credentials', ...request });
    server.clock.advance(3600 - 31);
    expect((await tokens.getAccessToken(request)).accessToken).toBe(all[0]?.accessToken);
    server.clock.advance(1);
    expect((await tokens.getAccessToken(request)).accessToken).not.toBe(all[0]?.accessToken);
    await tokens.getAccessToken({ ...request, forceRefresh: true });
    await tokens.getAccessToken({ ...request, resource: 'https://other.example' });
    expect(server.requestsTo('token')).toHaveLength(4);
  });

  test('tokens for other parameters are other tokens', async () => {
    const { client, server } = await createHarness();
    const tokens = createClientCredentialsTokens(client);
    const [one, two] = ['https://a.example', 'https://b.example'].map((audience) => ({
      parameters: { audience },
    }));
    const first = await tokens.getAccessToken(one);
    expect((await tokens.getAccessToken(two)).accessToken).not.toBe(first.accessToken);
    expect((await tokens.getAccessToken(one)).accessToken).toBe(first.accessToken);
    expect(server.requestsTo('token')).toHaveLength(2);
  });

  test('a failure is not kept', async () => {
    const { client, server } = await createHarness();
    const tokens = createClientCredentialsTokens(client);
    server.fail('token', { status: 503 });
    await expect(tokens.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    await expect(tokens.getAccessToken()).resolves.toMatchObject({ tokenType: 'Bearer' });
  });

  test('a public client has no credentials', async () => {
    const { client } = await createHarness({ client: { clientAuthentication: none() } });
    await expect(requestClientCredentials(client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });
});

describe('token exchange', () => {
  test('gives a token for another API, and names who acts', async () => {
    const harness = await createHarness();
    const { accessToken } = await harness.logIn();
    const exchanged = await exchangeToken(harness.client, {
      subjectToken: accessToken,
      actorToken: accessToken,
      resource: 'https://orders.example',
      scope: 'openid',
    });
    expect(exchanged).toMatchObject({
      tokenType: 'Bearer',
      scopes: ['openid'],
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    });
    const request = harness.server.requestsTo('token').at(-1);
    expect(request?.body).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: accessToken,
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: 'https://orders.example',
      scope: 'openid',
    });
  });

  test('several audiences all arrive, in a form and in JSON', async () => {
    for (const tokenRequestFormat of ['form', 'json'] as const) {
      const sent: string[] = [];
      const { client } = await createHarness({
        client: {
          tokenRequestFormat,
          metadata: {
            issuer: 'https://auth.example.test',
            token_endpoint: 'https://auth.example.test/token',
          },
          fetch: async (_, init) => {
            sent.push(String(init.body));
            return Response.json({ error: 'invalid_target' }, { status: 400 });
          },
        },
      });
      const audience = ['https://a.example', 'https://b.example'];
      await expect(exchangeToken(client, { subjectToken: 'token', audience })).rejects.toMatchObject({
        error: 'invalid_target',
      });
      const [body = ''] = sent;
      const received =
        tokenRequestFormat === 'json'
          ? JSON.parse(body).audience
          : new URLSearchParams(body).getAll('audience');
      expect(received).toEqual(audience);
    }
  });

  test('an answer that does not say what it issued is refused; N_A is no access token', async () => {
    const { client, server } = await createHarness();
    const answer = (body: object) =>
      server.fail('token', {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ access_token: 'x', ...body }),
      });
    answer({ token_type: 'Bearer' });
    await expect(exchangeToken(client, { subjectToken: 's' })).rejects.toMatchObject({
      code: 'token_response_invalid',
      check: 'issued_token_type',
    });
    answer({ token_type: 'N_A', issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' });
    await expect(exchangeToken(client, { subjectToken: 's' })).resolves.toMatchObject({ tokenType: 'N_A' });
  });
});

test('JWT bearer: an assertion becomes an access token', async () => {
  const { key, jwk } = await getSigningKey('ES256');
  const server = await createTestAuthorizationServer({
    clients: [{ clientId: 'service', tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } }],
  });
  const client = createClient({
    issuer: server.issuer,
    clientId: 'service',
    clientAuthentication: privateKeyJwt({ key, kid: jwk.kid as string }),
    fetch: server.fetch,
  });
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid as string })
    .setIssuer('service')
    .setSubject('alice')
    .setAudience(server.issuer)
    .setExpirationTime('1m')
    .sign(key);
  const tokens = await exchangeAssertion(client, assertion, { scope: 'orders:read' });
  expect(tokens).toMatchObject({ tokenType: 'Bearer', scopes: ['orders:read'] });
  expect(server.requestsTo('token')[0]?.body.assertion).toBe(assertion);
});

test('a provider without an endpoint is named as what it is', async () => {
  const { client } = await createHarness({
    server: { metadata: { introspection_endpoint: undefined, device_authorization_endpoint: undefined } },
    client: { clientAuthentication: clientSecretBasic('web-secret') },
  });
  for (const call of [introspectToken(client, 'x'), requestDeviceAuthorization(client)]) {
    await expect(call).rejects.toMatchObject({ name: 'ConfigurationError', code: 'unsupported_by_provider' });
  }
});
