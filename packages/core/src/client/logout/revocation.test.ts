import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { createClient, generateDpopKeyPair, none, refreshTokens, revokeToken } from '../../index.ts';

describe('RFC 9449: a refresh token that is bound to a key', () => {
  const createBoundLogin = async (server: { readonly dpopNonce?: boolean } = {}) => {
    const keyPair = await generateDpopKeyPair();
    const harness = await createHarness({
      server,
      registration: { tokenEndpointAuthMethod: 'none' },
      client: { clientAuthentication: none(), dpop: { keyPair } },
    });
    await harness.logIn();
    return { harness, keyPair, refreshToken: harness.stored?.refreshToken as string };
  };

  test('is revoked with a proof', async () => {
    const { harness, refreshToken } = await createBoundLogin();
    await revokeToken(harness.client, refreshToken, { tokenTypeHint: 'refresh_token' });
    expect(harness.server.requestsTo('revocation')[0]?.body).toEqual({
      client_id: 'web',
      token: refreshToken,
      token_type_hint: 'refresh_token',
    });
    await expect(refreshTokens(harness.client, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('is revoked with a nonce that the provider requires', async () => {
    const { harness, refreshToken, keyPair } = await createBoundLogin({ dpopNonce: true });
    // Another process has received no nonce yet.
    const client = createClient({ ...harness.client.options, dpop: { keyPair } });
    await revokeToken(client, refreshToken);
    expect(harness.server.requestsTo('revocation').map(({ status }) => status)).toEqual([400, 200]);
    await expect(refreshTokens(harness.client, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('is not revoked by a client with another key', async () => {
    const { harness, refreshToken } = await createBoundLogin();
    const { client: attacker } = await createHarness({
      client: {
        clientAuthentication: none(),
        dpop: { keyPair: await generateDpopKeyPair() },
        fetch: harness.server.fetch,
      },
    });
    await expect(revokeToken(attacker, refreshToken)).rejects.toMatchObject({ error: 'invalid_dpop_proof' });
  });
});

test('names the endpoint that the metadata does not contain', async () => {
  const harness = await createHarness({ server: { metadata: { revocation_endpoint: undefined } } });
  await expect(revokeToken(harness.client, 'token')).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'unsupported_by_provider',
    message: expect.stringMatching(/^The provider's metadata has no "revocation_endpoint"/),
  });
});
