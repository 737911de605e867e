import { describe, expect, test } from 'vitest';
import {
  createAuthorizationRequest,
  exchangeCode,
  fetchUserinfo,
  generateDpopKeyPair,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';

describe('the client', () => {
  test.each(['access_denied', 'login_required', 'consent_required', 'interaction_required', 'server_error'])(
    'rejects the error response %s with a typed error, and sends no token request',
    async (errorCode) => {
      const harness = await createHarness();
      harness.server.answerNext({ error: errorCode, errorDescription: 'Line\u0000one\nline two \u202e' });
      const error = await harness.logIn().catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        name: 'AuthorizationServerError',
        code: 'authorization_error',
        error: errorCode,
      });
      expect((error as { errorDescription: string }).errorDescription).toBe('Line one line two  ');
      expect(harness.calls().at(-1)).toBe('authorization');
    },
  );

  test('rejects the second use of a code, for which the provider revokes the tokens', async () => {
    const harness = await createHarness();
    const { client, server } = harness;
    const { url, transaction } = await createAuthorizationRequest(client);
    const { parameters } = await server.authorize(url);
    const response = await validateAuthorizationResponse(client, parameters, transaction);
    const { accessToken } = await exchangeCode(client, response, transaction);
    await expect(exchangeCode(client, response, transaction)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(fetchUserinfo(client, accessToken, 'alice')).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'endpoint_error',
      error: 'invalid_token',
      status: 401,
    });
  });

  test('reports the error in the body instead of the challenge', async () => {
    const harness = await createHarness();
    harness.server.fail('token', {
      status: 401,
      headers: { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="clients"' },
      body: JSON.stringify({ error: 'invalid_client', error_description: 'wrong secret' }),
    });
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error: 'invalid_client',
      errorDescription: 'wrong secret',
      status: 401,
    });
  });

  test('removes invalid characters of an error code from the message', async () => {
    const harness = await createHarness();
    harness.server.fail('token', {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error: 'invalid\n<b>grant' }),
    });
    const error = (await harness.logIn().catch((caught: unknown) => caught)) as Error;
    expect(error.message).toMatch(
      /^POST https:.*\/token was rejected with the error "invalidbgrant" \(status \d+\)$/,
    );
  });

  test('rejects a Bearer token if DPoP was requested', async () => {
    const harness = await createHarness({
      client: { dpop: { keyPair: await generateDpopKeyPair() } },
      faults: ['token_type_bearer'],
    });
    const rejection = {
      error: 'ValidationError',
      code: 'token_response_invalid',
      check: 'token_type',
    } as const;
    await expectRejection(harness, () => harness.logIn(), rejection, 'jwks');
  });

  test('does not repeat a code exchange whose response was lost', async () => {
    const harness = await createHarness();
    harness.server.fail('token', { loseResponse: true });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'network_error' });
    expect(harness.server.requestsTo('token')).toHaveLength(1);
  });
});
