import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';

/** Checks that the suites of the OpenID Foundation do not cover for a code-flow client. */
describe('the verification of ID tokens', () => {
  const rejections: readonly (readonly [fault: Fault, check: string, after?: 'token' | 'jwks'])[] = [
    ['id_token_exp_text', 'exp'],
    ['id_token_nbf_future', 'nbf'],
    ['id_token_iat_future', 'iat', 'jwks'],
    ['id_token_azp_other', 'azp'],
    ['id_token_azp_foreign', 'azp', 'jwks'],
    ['id_token_sub_number', 'sub'],
    ['id_token_at_hash_invalid', 'at_hash', 'jwks'],
    ['id_token_jwk_injected', 'signature', 'jwks'],
    ['id_token_jku_injected', 'kid', 'jwks'],
    ['id_token_key_foreign', 'signature', 'jwks'],
    ['id_token_kid_unknown', 'kid', 'jwks'],
    ['id_token_alg_hs256_public_key', 'alg'],
    ['id_token_crit_unknown', 'crit'],
    ['id_token_member_repeated', 'json'],
    ['id_token_typ_other', 'typ', 'jwks'],
    ['id_token_signature_missing', 'signature', 'jwks'],
  ];
  for (const [fault, check, after = 'token'] of rejections) {
    test(`rejects ${fault} for its ${check}`, async () => {
      const harness = await createHarness({ faults: [fault] });
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRejection(harness, () => harness.logIn(), rejection, after);
    });
  }

  test('rejects a sub that is empty or longer than 255 characters', async () => {
    for (const sub of ['', 'a'.repeat(256)]) {
      const harness = await createHarness({ server: { users: [{ sub }] } });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'sub' });
    }
  });

  test('rejects a text that is not a JWT', async () => {
    const harness = await createHarness({ faults: ['id_token_not_a_jwt'] });
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'id_token_invalid',
    });
  });

  test('requires auth_time with max_age and compares them', async () => {
    for (const fault of ['id_token_auth_time_missing', 'id_token_auth_time_old'] as const) {
      const harness = await createHarness({ faults: [fault] });
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check: 'auth_time' } as const;
      await expectRejection(harness, () => harness.logIn({ maxAge: 60 }), rejection, 'token');
    }
  });

  test('rejects an acr that was not requested', async () => {
    for (const fault of ['id_token_acr_missing', 'id_token_acr_other'] as const) {
      const harness = await createHarness({ faults: [fault] });
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check: 'acr' } as const;
      await expectRejection(harness, () => harness.logIn({ acrValues: ['gold'] }), rejection, 'jwks');
    }
  });

  test('applies the clock tolerance', async () => {
    const logInWithOffset = async (offset: number, clockTolerance: number) => {
      const harness = await createHarness();
      const { server } = harness;
      server.clock.stop();
      const client = createClient({
        ...harness.client.options,
        clientAuthentication: clientSecretBasic('web-secret'),
        clockTolerance,
        now: () => server.clock.now() + offset * 1000,
      });
      const { url, transaction } = await createAuthorizationRequest(client);
      const { parameters } = await server.authorize(url);
      return exchangeCode(
        client,
        await validateAuthorizationResponse(client, parameters, transaction),
        transaction,
      );
    };
    await expect(logInWithOffset(329, 30)).resolves.toBeDefined();
    await expect(logInWithOffset(330, 30)).rejects.toMatchObject({ check: 'exp' });
    await expect(logInWithOffset(-30, 30)).resolves.toBeDefined();
    await expect(logInWithOffset(-31, 30)).rejects.toMatchObject({ check: 'iat' });
    await expect(logInWithOffset(300, 0)).rejects.toMatchObject({ check: 'exp' });
  });

  test('accepts an old ID token with idTokenMaxAge, until its end', async () => {
    const faults = ['id_token_iat_week_old'] as const;
    const accepting = await createHarness({ faults, client: { idTokenMaxAge: 604_800 } });
    await expect(accepting.logIn()).resolves.toHaveProperty('idToken');
    const rejecting = await createHarness({ faults, client: { idTokenMaxAge: 604_700, clockTolerance: 0 } });
    await expect(rejecting.logIn()).rejects.toMatchObject({ check: 'iat' });
  });

  test('rejects HMAC and none in the configuration', () => {
    for (const alg of ['none', 'HS256', 'HS512', 'rs256', '']) {
      expect(() =>
        createClient({
          issuer: 'https://auth.example.test',
          clientId: 'web',
          idTokenSignedResponseAlg: alg as never,
        }),
      ).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }));
    }
  });

  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'Ed25519', 'RS512'] as const) {
    test(`verifies ${alg} and at_hash`, async () => {
      const harness = await createHarness({
        registration: { idTokenSignedResponseAlg: alg },
        client: { idTokenSignedResponseAlg: alg },
      });
      expect((await harness.logIn()).claims).toHaveProperty('at_hash');
    });
  }
});
