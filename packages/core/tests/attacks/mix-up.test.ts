import { describe, expect, test } from 'vitest';
import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRejection, type Harness } from '../support/client/harness.ts';

describe('C6: mix-up, injection, downgrade and fixation (RFC 9700)', () => {
  async function startLogin(harness: Harness) {
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    return { transaction, parameters: (await harness.server.authorize(url)).parameters };
  }

  test('C6: rejects the response of another issuer before its code is used', async () => {
    const harness = await createHarness({ faults: ['iss_of_another'] });
    const rejection = {
      error: 'ValidationError',
      code: 'authorization_response_invalid',
      check: 'iss',
    } as const;
    await expectRejection(harness, () => harness.logIn(), rejection, 'authorization');
  });

  test('C6: rejects another iss even if the metadata does not advertise iss', async () => {
    const harness = await createHarness({ faults: ['iss_of_another', 'metadata_without_iss_parameter'] });
    await expect(harness.logIn()).rejects.toMatchObject({ check: 'iss' });
  });

  test('C6: rejects an error response with another state, and omits its text', async () => {
    const harness = await createHarness({ faults: ['state_invalid'] });
    harness.server.answerNext({ error: 'access_denied', errorDescription: '<script>' });
    await expect(harness.logIn()).rejects.toMatchObject({
      code: 'authorization_response_invalid',
      check: 'state',
    });
  });

  test('C6: rejects a transaction of another provider', async () => {
    const [one, two] = [
      await createHarness(),
      await createHarness({ server: { issuer: 'https://other.example' } }),
    ];
    const { parameters, transaction } = await startLogin(two);
    await expect(validateAuthorizationResponse(one.client, parameters, transaction)).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'issuer',
    });
    expect(one.calls()).toEqual([]);
  });

  test('C6: rejects a transaction of another client of the same provider', async () => {
    const harness = await createHarness();
    const { parameters, transaction } = await startLogin(harness);
    const another = createClient({ ...harness.client.options, clientId: 'another' });
    await expect(validateAuthorizationResponse(another, parameters, transaction)).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'issuer',
    });
  });

  test('C6: rejects an expired transaction', async () => {
    const harness = await createHarness();
    const { parameters, transaction } = await startLogin(harness);
    harness.server.clock.advance(3601);
    await expect(
      validateAuthorizationResponse(harness.client, parameters, transaction),
    ).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'expired',
    });
  });

  test('C6: rejects the code of another login by PKCE', async () => {
    const harness = await createHarness();
    const [victim, attacker] = [await startLogin(harness), await startLogin(harness)];
    const parametersWithForeignCode = new URLSearchParams(victim.parameters);
    parametersWithForeignCode.set('code', attacker.parameters.get('code') as string);
    const response = await validateAuthorizationResponse(
      harness.client,
      parametersWithForeignCode,
      victim.transaction,
    );
    await expect(exchangeCode(harness.client, response, victim.transaction)).rejects.toMatchObject({
      code: 'token_error',
      error: 'invalid_grant',
    });
  });

  test('C6: uses PKCE with S256 always, and rejects a provider that supports only plain', async () => {
    const plain = await createHarness({ faults: ['metadata_plain_pkce'] });
    await expect(createAuthorizationRequest(plain.client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unsupported_by_provider',
    });
    const unspecified = await createHarness({ faults: ['metadata_without_pkce'] });
    const { url } = await createAuthorizationRequest(unspecified.client);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  });

  test('C6: rejects additional parameters that affect the security of a login', async () => {
    const { client } = await createHarness();
    for (const name of [
      'state',
      'nonce',
      'redirect_uri',
      'code_challenge',
      'code_challenge_method',
      'request',
    ]) {
      await expect(createAuthorizationRequest(client, { parameters: { [name]: 'x' } })).rejects.toMatchObject(
        {
          name: 'ConfigurationError',
          code: 'invalid_option',
        },
      );
    }
  });

  test('C6: rejects repeated parameters', async () => {
    for (const fault of ['code_repeated', 'state_repeated'] as const) {
      const harness = await createHarness({ faults: [fault] });
      const rejection = {
        error: 'ValidationError',
        code: 'authorization_response_invalid',
        check: 'repeated',
      } as const;
      await expectRejection(harness, () => harness.logIn(), rejection, 'authorization');
    }
  });

  test('C6: rejects a response without a code and a response of another flow', async () => {
    for (const fault of ['code_missing', 'response_with_id_token'] as const) {
      const harness = await createHarness({ faults: [fault] });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'authorization_response_invalid' });
      expect(harness.calls().at(-1)).toBe('authorization');
    }
  });
});
