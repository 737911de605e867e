import type { Lie } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRefusal } from '../conformance/harness.ts';

/** What the OpenID Foundation's suites do not try on a code-flow client. */
describe('ID tokens', () => {
  const refused: readonly (readonly [lie: Lie, check: string, after?: 'token' | 'jwks'])[] = [
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
  for (const [lie, check, after = 'token'] of refused) {
    test(`${lie} is refused for its ${check}`, async () => {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, after);
    });
  }

  test('a sub must have 1 to 255 characters', async () => {
    for (const sub of ['', 'a'.repeat(256)]) {
      const harness = await createHarness({ server: { users: [{ sub }] } });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'sub' });
    }
  });

  test('a text that is no JWT is refused', async () => {
    const harness = await createHarness({ lies: ['id_token_not_a_jwt'] });
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'id_token_invalid',
    });
  });

  test('auth_time is required and held against max_age', async () => {
    for (const lie of ['id_token_auth_time_missing', 'id_token_auth_time_old'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'auth_time' } as const;
      await expectRefusal(harness, () => harness.logIn({ maxAge: 60 }), refusal, 'token');
    }
  });

  test('acr must be one of those that were asked for', async () => {
    for (const lie of ['id_token_acr_missing', 'id_token_acr_other'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'acr' } as const;
      await expectRefusal(harness, () => harness.logIn({ acrValues: ['gold'] }), refusal, 'jwks');
    }
  });

  test('clocks may differ by the tolerance and no more', async () => {
    const at = async (offset: number, clockTolerance: number) => {
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
    await expect(at(329, 30)).resolves.toBeDefined();
    await expect(at(330, 30)).rejects.toMatchObject({ check: 'exp' });
    await expect(at(-30, 30)).resolves.toBeDefined();
    await expect(at(-31, 30)).rejects.toMatchObject({ check: 'iat' });
    await expect(at(300, 0)).rejects.toMatchObject({ check: 'exp' });
  });

  test('HMAC and none cannot even be registered', () => {
    for (const alg of ['none', 'HS256', 'HS512', 'rs256', '']) {
      expect(() =>
        createClient({ issuer: 'https://auth.example.test', clientId: 'web', idTokenSignedResponseAlg: alg }),
      ).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }));
    }
  });

  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'Ed25519', 'RS512'] as const) {
    test(`${alg} is verified, at_hash included`, async () => {
      const harness = await createHarness({
        registration: { idTokenSignedResponseAlg: alg },
        client: { idTokenSignedResponseAlg: alg },
      });
      expect((await harness.logIn()).claims).toHaveProperty('at_hash');
    });
  }
});
