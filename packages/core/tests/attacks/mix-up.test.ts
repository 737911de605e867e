import { describe, expect, test } from 'vitest';
import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRefusal, type Harness } from '../conformance/harness.ts';

describe('C6: mix-up, injection, downgrade, fixation (RFC 9700)', () => {
  async function started(harness: Harness) {
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    return { transaction, parameters: (await harness.server.authorize(url)).parameters };
  }

  test('C6: the answer of another issuer is refused before its code is used', async () => {
    const harness = await createHarness({ lies: ['iss_of_another'] });
    const refusal = {
      error: 'ValidationError',
      code: 'authorization_response_invalid',
      check: 'iss',
    } as const;
    await expectRefusal(harness, () => harness.logIn(), refusal, 'authorization');
  });

  test('C6: iss is compared when it is there, advertised or not', async () => {
    const harness = await createHarness({ lies: ['iss_of_another', 'metadata_without_iss_parameter'] });
    await expect(harness.logIn()).rejects.toMatchObject({ check: 'iss' });
  });

  test('C6: an error answer with a wrong state is refused as such, and its text goes nowhere', async () => {
    const harness = await createHarness({ lies: ['state_invalid'] });
    harness.server.answerNext({ error: 'access_denied', errorDescription: '<script>' });
    await expect(harness.logIn()).rejects.toMatchObject({
      code: 'authorization_response_invalid',
      check: 'state',
    });
  });

  test('C6: a transaction of another provider or client answers nothing', async () => {
    const [one, two] = [
      await createHarness(),
      await createHarness({ server: { issuer: 'https://other.example' } }),
    ];
    const { parameters, transaction } = await started(two);
    await expect(validateAuthorizationResponse(one.client, parameters, transaction)).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'issuer',
    });
    expect(one.calls()).toEqual([]);
  });

  test('C6: a transaction of another client of the same provider answers nothing', async () => {
    const harness = await createHarness();
    const { parameters, transaction } = await started(harness);
    const another = createClient({ ...harness.client.options, clientId: 'another' });
    await expect(validateAuthorizationResponse(another, parameters, transaction)).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'issuer',
    });
  });

  test('C6: a transaction that is too old answers nothing', async () => {
    const harness = await createHarness();
    const { parameters, transaction } = await started(harness);
    harness.server.clock.advance(3601);
    await expect(
      validateAuthorizationResponse(harness.client, parameters, transaction),
    ).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'expired',
    });
  });

  test('C6: a code of another login does not pass: the verifier is not its own', async () => {
    const harness = await createHarness();
    const [victim, attacker] = [await started(harness), await started(harness)];
    const injected = new URLSearchParams(victim.parameters);
    injected.set('code', attacker.parameters.get('code') as string);
    const response = await validateAuthorizationResponse(harness.client, injected, victim.transaction);
    await expect(exchangeCode(harness.client, response, victim.transaction)).rejects.toMatchObject({
      code: 'token_error',
      error: 'invalid_grant',
    });
  });

  test('C6: PKCE is never given up: plain alone is refused, silence is taken for S256', async () => {
    const plain = await createHarness({ lies: ['metadata_plain_pkce'] });
    await expect(createAuthorizationRequest(plain.client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unsupported_by_provider',
    });
    const silent = await createHarness({ lies: ['metadata_without_pkce'] });
    const { url } = await createAuthorizationRequest(silent.client);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  });

  test('C6: what decides the security of a login cannot be given as a further parameter', async () => {
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

  test('C6: parameters that occur twice are refused', async () => {
    for (const lie of ['code_repeated', 'state_repeated'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = {
        error: 'ValidationError',
        code: 'authorization_response_invalid',
        check: 'repeated',
      } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, 'authorization');
    }
  });

  test('C6: an answer without a code, and one of another flow, are refused', async () => {
    for (const lie of ['code_missing', 'response_with_id_token'] as const) {
      const harness = await createHarness({ lies: [lie] });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'authorization_response_invalid' });
      expect(harness.calls().at(-1)).toBe('authorization');
    }
  });
});
