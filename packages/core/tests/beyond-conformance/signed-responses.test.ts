import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { introspectToken } from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';

type MutationName<L> = L extends `introspection_${infer Mutation}` ? Mutation : never;

const mutations: readonly (readonly [mutation: MutationName<Fault>, check: string])[] = [
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
  test.each(mutations)('rejects introspection_%s', async (mutation, check) => {
    const harness = await createHarness({
      registration: { introspectionSignedResponseAlg: 'RS256' },
      client: { introspectionSignedResponseAlg: 'RS256' },
      faults: [`introspection_${mutation}`],
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
  test.each(mutations)(
    'rejects authorization_response_%s before its code is used',
    async (mutation, check) => {
      const fault: Fault = `authorization_response_${mutation}`;
      const harness = await createHarness({ client: { responseMode: 'jwt' }, faults: [fault] });
      const rejection = { error: 'ValidationError', code: 'authorization_response_invalid', check } as const;
      // The JSON is checked before the keys are fetched.
      const after = check === 'json' ? 'authorization' : 'jwks';
      await expectRejection(harness, () => harness.logIn(), rejection, after);
      expect(harness.server.requestsTo('token')).toEqual([]);
    },
  );
});
