import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { type AuthEvent, none, refreshTokens } from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';

describe('C1: a refreshed ID token of another user ends the login', () => {
  test.each(['id_token_sub_invalid', 'id_token_iss_invalid', 'id_token_sub_number'] as const)(
    'C1: %s',
    async (fault) => {
      const events: AuthEvent[] = [];
      const harness = await createHarness({ client: { onEvent: (event) => events.push(event) } });
      await harness.logIn();
      harness.server.faults.add(fault);
      const rejection = { error: 'LoginRequiredError', code: 'session_ended' } as const;
      await expectRejection(harness, () => harness.refresh(), rejection, 'token');
      expect(events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason: 'other_user' }));
    },
  );

  test('C1: with an invalid signature', async () => {
    const harness = await createHarness();
    await harness.logIn();
    for (const fault of ['id_token_sub_invalid', 'id_token_signature_invalid'] as const)
      harness.server.faults.add(fault);
    await expect(harness.refresh()).rejects.toMatchObject({ code: 'session_ended' });
  });
});

describe('C1: a refresh ignores an ID token of another login, and stores the other tokens', () => {
  const faults: readonly (readonly [fault: Fault, check: string])[] = [
    ['id_token_aud_invalid', 'aud'],
    ['id_token_aud_secondary', 'aud'],
    ['id_token_auth_time_changed', 'auth_time'],
    ['id_token_azp_foreign', 'azp'],
    ['id_token_nonce_invalid', 'nonce'],
    ['id_token_at_hash_invalid', 'at_hash'],
    ['id_token_sub_missing', 'sub'],
    ['id_token_exp_expired', 'exp'],
    ['id_token_exp_text', 'exp'],
    ['id_token_iat_future', 'iat'],
    ['id_token_nbf_future', 'nbf'],
    ['id_token_signature_invalid', 'signature'],
    ['id_token_key_foreign', 'signature'],
    ['id_token_kid_unknown', 'kid'],
    ['id_token_alg_none', 'alg'],
    ['id_token_typ_other', 'typ'],
    ['id_token_not_a_jwt', 'json'],
    ['id_token_member_repeated', 'json'],
  ];
  test.each(faults)('C1: %s', async (fault, check) => {
    const events: AuthEvent[] = [];
    const harness = await createHarness({ client: { onEvent: (event) => events.push(event) } });
    await harness.logIn({ maxAge: 300 });
    const previous = harness.stored;
    harness.server.faults.add(fault);
    await harness.refresh();
    expect(harness.stored?.refreshToken).not.toBe(previous?.refreshToken);
    expect(harness.stored?.accessTokens[0]?.accessToken).not.toBe(previous?.accessTokens[0]?.accessToken);
    expect(harness.stored).toMatchObject({ idToken: previous?.idToken, claims: previous?.claims });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'id_token.ignored', code: 'id_token_invalid', check }),
    );
  });

  test('C1: with an additional audience', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const { claims } = harness.stored ?? {};
    const previousClaims = { ...claims, aud: ['web', 'another'] } as never;
    const refreshToken = harness.stored?.refreshToken as string;
    const tokens = await refreshTokens(harness.client, refreshToken, { claims: previousClaims });
    expect(tokens).toMatchObject({ refreshToken: expect.any(String) });
    expect(tokens).not.toHaveProperty('idToken');
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
    test(`C2: rejects ${fault} at the login of a public client`, async () => {
      const harness = await createHarness({
        registration: { tokenEndpointAuthMethod: 'none' },
        client: { clientAuthentication: none() },
      });
      await harness.logIn();
      harness.server.faults.add(fault);
      const rejection = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRejection(harness, () => harness.logIn(), rejection, 'token');
    });
  }
});
