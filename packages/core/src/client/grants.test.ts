import { createTestAuthorizationServer } from '@countersign/testing';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness } from '../../tests/conformance/harness.ts';
import { signingKey } from '../../tests/conformance/signing-key.ts';
import {
  clientSecretBasic,
  createClient,
  createClientCredentialsTokens,
  exchangeAssertion,
  exchangeToken,
  introspectToken,
  none,
  pollDeviceAuthorization,
  privateKeyJwt,
  requestClientCredentials,
  requestDeviceAuthorization,
} from '../index.ts';

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

describe('device authorization', () => {
  test('waits, slows down when told, and gives validated tokens', async () => {
    const { client, server } = await createHarness();
    server.clock.stop();
    const device = await requestDeviceAuthorization(client, { scope: 'openid offline_access' });
    expect(device).toMatchObject({ interval: 5, scope: 'openid offline_access' });
    expect(device.verificationUriComplete).toContain(device.userCode);
    const waits: number[] = [];
    const early = [1, 5];
    const tokens = await pollDeviceAuthorization(client, device, {
      wait: async (milliseconds) => {
        waits.push(milliseconds / 1000);
        if (waits.length === 3) server.fail('token', { network: true });
        if (waits.length === 4) server.answerDevice(device.userCode, { sub: 'alice' });
        // The second poll comes too early.
        server.clock.advance(early[waits.length - 1] === 5 ? 1 : milliseconds / 1000);
      },
    });
    expect(waits).toEqual([5, 5, 10, 20]);
    expect(tokens).toMatchObject({ claims: { sub: 'alice' }, refreshToken: expect.any(String) });
  });

  test.each([
    ['denied', 'access_denied'],
    ['ignored', 'expired_token'],
  ])('%s: it ends with %s', async (answer, error) => {
    const { client, server } = await createHarness();
    server.clock.stop();
    const device = await requestDeviceAuthorization(client);
    if (answer === 'denied') server.answerDevice(device.userCode, 'denied');
    const wait = async (milliseconds: number) => server.clock.advance(milliseconds / 1000);
    await expect(pollDeviceAuthorization(client, device, { wait })).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error,
    });
  });

  test('C2: the ID token of a device login is validated as any other, its signature first of all', async () => {
    for (const [lie, check] of [
      ['id_token_signature_invalid', 'signature'],
      ['id_token_aud_invalid', 'aud'],
      ['id_token_at_hash_invalid', 'at_hash'],
    ] as const) {
      const { client, server } = await createHarness({ lies: [lie] });
      const device = await requestDeviceAuthorization(client, { scope: 'openid' });
      server.answerDevice(device.userCode, { sub: 'alice' });
      const wait = async () => {};
      await expect(pollDeviceAuthorization(client, device, { wait })).rejects.toMatchObject({
        code: 'id_token_invalid',
        check,
      });
    }
  });

  test('stops when it is told to', async () => {
    const { client, server } = await createHarness();
    const device = await requestDeviceAuthorization(client);
    const controller = new AbortController();
    const polling = pollDeviceAuthorization(client, device, { signal: controller.signal });
    controller.abort(new Error('closed'));
    await expect(polling).rejects.toThrow('closed');
    expect(server.requestsTo('token')).toHaveLength(0);
  });

  test('an address that is no web address is refused: the user is sent there', async () => {
    const { client, server } = await createHarness();
    server.fail('device_authorization', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        device_code: 'd',
        user_code: 'u',
        verification_uri: 'javascript:alert(1)',
        expires_in: 600,
      }),
    });
    await expect(requestDeviceAuthorization(client)).rejects.toMatchObject({
      code: 'response_malformed',
      check: 'verification_uri',
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
      scope: 'openid',
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
  const { key, jwk } = await signingKey('ES256');
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
  expect(tokens).toMatchObject({ tokenType: 'Bearer', scope: 'orders:read' });
  expect(server.requestsTo('token')[0]?.body.assertion).toBe(assertion);
});

describe('introspection', () => {
  test('tells an active token from one that has ended', async () => {
    const harness = await createHarness();
    const { accessToken, refreshToken } = await harness.logIn();
    const { client, server } = harness;
    expect(await introspectToken(client, accessToken)).toMatchObject({
      active: true,
      sub: 'alice',
      client_id: 'web',
    });
    expect(
      await introspectToken(client, refreshToken as string, { tokenTypeHint: 'refresh_token' }),
    ).toMatchObject({
      active: true,
    });
    expect(server.requestsTo('introspection')[1]?.body.token_type_hint).toBe('refresh_token');
    server.endGrants();
    expect(await introspectToken(client, accessToken)).toEqual({ active: false });
  });

  const signed = { client: { introspectionSignedResponseAlg: 'RS256' } };

  test('a signed answer is verified', async () => {
    const harness = await createHarness(signed);
    const { accessToken } = await harness.logIn();
    expect(await introspectToken(harness.client, accessToken)).toMatchObject({ active: true, sub: 'alice' });
  });

  test.each([
    ['introspection_signature_invalid', 'signature'],
    ['introspection_key_foreign', 'signature'],
    ['introspection_iss_invalid', 'iss'],
    ['introspection_aud_invalid', 'aud'],
    ['introspection_alg_none', 'alg'],
    ['introspection_typ_other', 'typ'],
  ] as const)('%s is refused for its %s', async (lie, check) => {
    const harness = await createHarness(signed);
    const { accessToken } = await harness.logIn();
    harness.server.lies.add(lie);
    await expect(introspectToken(harness.client, accessToken)).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'introspection_invalid',
      check,
    });
  });

  test('an unsigned answer is refused where a signed one is registered', async () => {
    const { client, server } = await createHarness(signed);
    server.fail('introspection', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"active":true}',
    });
    await expect(introspectToken(client, 'token')).rejects.toMatchObject({
      code: 'introspection_invalid',
      check: 'signature',
    });
  });
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
