import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { clientSecretBasic, introspectToken, requestDeviceAuthorization } from '../../index.ts';

describe('introspection', () => {
  test('distinguishes an active token from a revoked one', async () => {
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

  const signed = { client: { introspectionSignedResponseAlg: 'RS256' as const } };

  test('verifies a signed response', async () => {
    const harness = await createHarness(signed);
    const { accessToken } = await harness.logIn();
    expect(await introspectToken(harness.client, accessToken)).toMatchObject({ active: true, sub: 'alice' });
  });

  test('rejects an unsigned response if signed responses are registered', async () => {
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

test('rejects introspection and device authorization if the provider has no endpoint', async () => {
  const { client } = await createHarness({
    server: { metadata: { introspection_endpoint: undefined, device_authorization_endpoint: undefined } },
    client: { clientAuthentication: clientSecretBasic('web-secret') },
  });
  for (const call of [introspectToken(client, 'x'), requestDeviceAuthorization(client)]) {
    await expect(call).rejects.toMatchObject({ name: 'ConfigurationError', code: 'unsupported_by_provider' });
  }
});
