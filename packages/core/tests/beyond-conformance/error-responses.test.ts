import { describe, expect, test } from 'vitest';
import {
  createAuthorizationRequest,
  exchangeCode,
  fetchUserinfo,
  generateDpopKeyPair,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRefusal } from '../conformance/harness.ts';

describe('error answers', () => {
  test.each(['access_denied', 'login_required', 'consent_required', 'interaction_required', 'server_error'])(
    '%s is a typed error, and no token is asked for',
    async (error) => {
      const harness = await createHarness();
      harness.server.answerNext({ error, errorDescription: 'Line\u0000one\nline two \u202e' });
      const refused = await harness.logIn().catch((thrown: unknown) => thrown);
      expect(refused).toMatchObject({ name: 'AuthorizationServerError', code: 'authorization_error', error });
      expect((refused as { errorDescription: string }).errorDescription).toBe('Line one line two  ');
      expect(harness.calls().at(-1)).toBe('authorization');
    },
  );

  test('a code that is used twice is refused the second time, and ends what it yielded', async () => {
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

  test('an error in the body says more than the challenge beside it', async () => {
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

  test('an error code that is none does not shape the message', async () => {
    const harness = await createHarness();
    harness.server.fail('token', {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error: 'invalid\n<b>grant' }),
    });
    const refused = (await harness.logIn().catch((thrown: unknown) => thrown)) as Error;
    expect(refused.message).toBe('The provider returned the error "invalidbgrant"');
  });

  test('a Bearer token where one bound to our key was asked for is refused, and not used', async () => {
    const harness = await createHarness({
      client: { dpop: { keyPair: await generateDpopKeyPair() } },
      lies: ['token_type_bearer'],
    });
    const refusal = {
      error: 'ValidationError',
      code: 'token_response_invalid',
      check: 'token_type',
    } as const;
    await expectRefusal(harness, () => harness.logIn(), refusal, 'jwks');
  });

  test('an answer to a code that was lost is not asked for again: the code is spent', async () => {
    const harness = await createHarness();
    harness.server.fail('token', { lose: true });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'network_error' });
    expect(harness.server.requestsTo('token')).toHaveLength(1);
  });
});
