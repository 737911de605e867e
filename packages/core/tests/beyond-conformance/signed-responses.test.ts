import type { Lie } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { introspectToken } from '../../src/index.ts';
import { createHarness, expectRefusal } from '../conformance/harness.ts';

type Named<L> = L extends `introspection_${infer Mutation}` ? Mutation : never;

const wrong: readonly (readonly [mutation: Named<Lie>, check: string])[] = [
  ['alg_none', 'alg'],
  ['alg_other', 'alg'],
  ['alg_hs256', 'alg'],
  ['alg_hs256_public_key', 'alg'],
  ['signature_invalid', 'signature'],
  ['signature_missing', 'signature'],
  ['key_foreign', 'signature'],
  ['jwk_injected', 'signature'],
  ['jku_injected', 'kid'],
  ['kid_unknown', 'kid'],
  ['crit_unknown', 'crit'],
  ['iss_invalid', 'iss'],
  ['aud_invalid', 'aud'],
  ['exp_expired', 'exp'],
  ['nbf_future', 'nbf'],
  ['member_repeated', 'json'],
  ['typ_other', 'typ'],
];

describe('signed introspection (RFC 9701)', () => {
  test.each(wrong)('introspection_%s is refused', async (mutation, check) => {
    const harness = await createHarness({
      registration: { introspectionSignedResponseAlg: 'RS256' },
      client: { introspectionSignedResponseAlg: 'RS256' },
      lies: [`introspection_${mutation}`],
    });
    const { accessToken } = await harness.logIn();
    await expect(introspectToken(harness.client, accessToken)).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'introspection_invalid',
      check,
    });
  });
});

describe('signed authorization responses (JARM)', () => {
  test.each(wrong)(
    'authorization_response_%s is refused, and its code is not used',
    async (mutation, check) => {
      const lie: Lie = `authorization_response_${mutation}`;
      const harness = await createHarness({ client: { responseMode: 'jwt' }, lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'authorization_response_invalid', check } as const;
      // The JSON is checked before the keys are fetched.
      const after = check === 'json' ? 'authorization' : 'jwks';
      await expectRefusal(harness, () => harness.logIn(), refusal, after);
      expect(harness.server.requestsTo('token')).toEqual([]);
    },
  );
});
