import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { none, refreshTokens } from '../../src/index.ts';
import { createHarness, expectRejection } from '../conformance/harness.ts';

describe('C1: rejects a refreshed ID token of another login', () => {
  const faults: readonly (readonly [fault: Fault, check: string])[] = [
    ['id_token_sub_invalid', 'sub'],
    ['id_token_iss_invalid', 'iss'],
    ['id_token_aud_invalid', 'aud'],
    ['id_token_auth_time_changed', 'auth_time'],
    ['id_token_azp_foreign', 'azp'],
    ['id_token_nonce_invalid', 'nonce'],
  ];
  for (const [fault, check] of faults) {
    test(`C1: ${fault}`, async () => {
      const harness = await createHarness();
      await harness.logIn({ maxAge: 300 });
      harness.server.faults.add(fault);
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRejection(harness, () => harness.refresh(), rejection, 'token');
    });
  }

  test('C1: an audience that the first ID token does not contain', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const { claims } = harness.stored ?? {};
    const previousClaims = { ...claims, aud: ['web', 'another'] } as never;
    const refreshToken = harness.stored?.refreshToken as string;
    await expect(
      refreshTokens(harness.client, refreshToken, { claims: previousClaims }),
    ).rejects.toMatchObject({
      code: 'id_token_invalid',
      check: 'aud',
    });
  });
});

describe('C2: verifies the signature of each ID token', () => {
  const faults: readonly (readonly [fault: Fault, check: string])[] = [
    ['id_token_signature_invalid', 'signature'],
    ['id_token_signature_missing', 'signature'],
    ['id_token_key_foreign', 'signature'],
    ['id_token_jwk_injected', 'signature'],
  ];
  for (const [fault, check] of faults) {
    test(`C2: rejects ${fault} at login and refresh of a public client`, async () => {
      const harness = await createHarness({
        registration: { tokenEndpointAuthMethod: 'none' },
        client: { clientAuthentication: none() },
      });
      await harness.logIn();
      harness.server.faults.add(fault);
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRejection(harness, () => harness.refresh(), rejection, 'token');
      await expectRejection(harness, () => harness.logIn(), rejection, 'token');
    });
  }
});
