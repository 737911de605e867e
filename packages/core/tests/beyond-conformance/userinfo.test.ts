import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createClient, fetchUserinfo, generateDpopKeyPair } from '../../src/index.ts';
import { createDecrypt } from '../../src/node/decrypt.ts';
import { createEncryptionKey } from '../support/client/encryption-key.ts';
import { createHarness, type HarnessOptions } from '../support/client/harness.ts';

describe('a userinfo request', () => {
  test.each([
    ['userinfo_signature_invalid', 'signature'],
    ['userinfo_key_foreign', 'signature'],
    ['userinfo_iss_invalid', 'iss'],
    ['userinfo_aud_invalid', 'aud'],
    ['userinfo_alg_none', 'alg'],
    ['userinfo_alg_other', 'alg'],
    ['userinfo_sub_invalid', 'sub'],
    ['userinfo_alg_hs256_public_key', 'alg'],
    ['userinfo_jwk_injected', 'signature'],
    ['userinfo_jku_injected', 'kid'],
    ['userinfo_crit_unknown', 'crit'],
    ['userinfo_exp_expired', 'exp'],
    ['userinfo_exp_text', 'exp'],
    ['userinfo_nbf_future', 'nbf'],
    ['userinfo_iss_missing', 'iss'],
    ['userinfo_aud_missing', 'aud'],
    ['userinfo_typ_other', 'typ'],
    ['userinfo_nonce_added', 'nonce'],
    ['userinfo_events_other', 'events'],
    ['userinfo_member_repeated', 'json'],
  ] as const)('rejects a signed response with %s for its %s', async (fault, check) => {
    const harness = await createHarness({
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
      faults: [fault],
    });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check });
    expect(harness.userinfo).toBeUndefined();
  });

  test.each(['userinfo_iss_missing', 'userinfo_aud_missing'] as const)(
    'accepts a signed response with %s with allowUnaddressedUserinfo, and checks the other claims',
    async (fault) => {
      const harness = await createHarness({
        registration: { userinfoSignedResponseAlg: 'RS256' },
        client: { userinfoSignedResponseAlg: 'RS256', allowUnaddressedUserinfo: true },
        faults: [fault],
      });
      await harness.logIn();
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
      harness.userinfo = undefined;
      for (const [wrong, check] of [
        ['userinfo_iss_invalid', 'iss'],
        ['userinfo_aud_invalid', 'aud'],
        ['userinfo_typ_other', 'typ'],
        ['userinfo_nonce_added', 'nonce'],
      ] as const) {
        harness.server.faults.clear();
        harness.server.faults.add(wrong);
        await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check });
      }
      expect(harness.userinfo).toBeUndefined();
    },
  );

  test('rejects other tokens of the provider for the same user', async () => {
    const harness = await createHarness({
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
    });
    const { server } = harness;
    const { idToken, accessToken } = await harness.logIn();
    const kinds = [
      ['access token', await server.mintAccessToken({ sub: 'alice', aud: 'web' }), 'typ'],
      ['logout token', await server.mintLogoutToken({ sub: 'alice', aud: 'web' }), 'typ'],
      ['ID token', idToken as string, 'nonce'],
      ['userinfo for another client', await server.mintIdToken({ sub: 'alice', aud: 'another' }), 'aud'],
      ['userinfo of another issuer', await server.mintIdToken({ iss: 'https://other.example' }), 'iss'],
    ] as const;
    for (const [kind, body, check] of kinds) {
      server.fail('userinfo', { status: 200, headers: { 'content-type': 'application/jwt' }, body });
      await expect(fetchUserinfo(harness.client, accessToken, 'alice'), kind).rejects.toMatchObject({
        code: 'userinfo_invalid',
        check,
      });
    }
  });

  test('rejects an unsigned response if a signed one is registered', async () => {
    const harness = await createHarness({ client: { userinfoSignedResponseAlg: 'RS256' } });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid' });
  });

  test('is repeated while the provider is unavailable, except with a DPoP proof', async () => {
    const bearer = await createHarness();
    bearer.server.fail('userinfo', { status: 503 });
    await bearer.logIn();
    expect(bearer.server.requestsTo('userinfo').map(({ status }) => status)).toEqual([503, 200]);
    const withDpop = await createHarness({ client: { dpop: { keyPair: await generateDpopKeyPair() } } });
    withDpop.server.fail('userinfo', { status: 503 });
    await expect(withDpop.logIn()).rejects.toMatchObject({ code: 'server_error' });
    expect(withDpop.server.requestsTo('userinfo')).toHaveLength(1);
  });

  test('returns references to distributed claims', async () => {
    const harness = await createHarness({ faults: ['userinfo_distributed_claims'] });
    await harness.logIn();
    expect(harness.userinfo?._claim_names).toEqual({ credit_score: 'src1' });
  });
});

describe('encrypted userinfo (OpenID Connect Core section 5.3.2)', () => {
  const alg = 'RSA-OAEP-256';

  /** Creates a client with registered userinfo algorithms. */
  async function register(
    protection: { readonly signed?: 'RS256'; readonly encrypted?: string },
    faults: readonly Fault[] = [],
    client: HarnessOptions['client'] = {
      ...(protection.signed && { userinfoSignedResponseAlg: protection.signed }),
      ...(protection.encrypted && { userinfoEncryptedResponseAlg: protection.encrypted }),
    },
  ) {
    const { privateKey, jwk } = await createEncryptionKey(alg);
    return createHarness({
      registration: {
        jwks: { keys: [jwk] },
        ...(protection.signed && { userinfoSignedResponseAlg: protection.signed }),
        ...(protection.encrypted && { userinfoEncryptedResponseAlg: protection.encrypted }),
      },
      client: { decrypt: createDecrypt(privateKey), ...client },
      faults,
    });
  }

  async function expectUserinfoRejection(harness: Awaited<ReturnType<typeof register>>, check: string) {
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'userinfo_invalid',
      check,
    });
    expect(harness.userinfo).toBeUndefined();
    expect(harness.calls().at(-1)).toBe('userinfo');
  }

  test('decrypts and verifies a signed and encrypted response', async () => {
    for (const client of [undefined, { userinfoSignedResponseAlg: 'RS256' as const }]) {
      const harness = await register({ signed: 'RS256', encrypted: alg }, [], client);
      await harness.logIn();
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
      harness.server.faults.add('userinfo_signature_invalid');
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check: 'signature' });
    }
  });

  test('accepts an unsigned, encrypted response if only encryption is registered', async () => {
    const harness = await register({ encrypted: alg });
    await harness.logIn();
    expect(harness.userinfo).toMatchObject({ sub: 'alice', name: 'Alice Example' });
  });

  test('rejects encrypted claims of another user', async () =>
    expectUserinfoRejection(await register({ encrypted: alg }, ['userinfo_response_sub_invalid']), 'sub'));

  test('rejects an unsigned, encrypted response if encryption is not registered', async () =>
    expectUserinfoRejection(await register({ encrypted: alg }, [], {}), 'signature'));

  test('rejects an unsigned, encrypted response if a signature is registered', async () => {
    const both = { signed: 'RS256' as const, encrypted: alg };
    await expectUserinfoRejection(await register(both, ['userinfo_response_unsigned']), 'signature');
    const signedOnly = { userinfoSignedResponseAlg: 'RS256' as const };
    await expectUserinfoRejection(
      await register(both, ['userinfo_response_unsigned'], signedOnly),
      'signature',
    );
  });

  test('rejects an unencrypted response if encryption is registered', async () => {
    const faults: readonly Fault[] = ['userinfo_response_unencrypted'];
    await expectUserinfoRejection(await register({ encrypted: alg }, faults), 'encryption');
    await expectUserinfoRejection(await register({ signed: 'RS256', encrypted: alg }, faults), 'encryption');
  });

  test('rejects a key management algorithm that is not registered', async () =>
    expectUserinfoRejection(
      await register({ encrypted: alg }, [], { userinfoEncryptedResponseAlg: 'RSA-OAEP' }),
      'alg',
    ));

  test('rejects an encrypted response if no decrypt function is configured', async () => {
    const { jwk } = await createEncryptionKey(alg);
    const harness = await createHarness({
      registration: { jwks: { keys: [jwk] }, userinfoEncryptedResponseAlg: alg },
    });
    await expectUserinfoRejection(harness, 'encryption');
  });

  test.each(['{"sub":"mallory","sub":"alice"}', '{"sub":', 'sub', ''])(
    'rejects the decrypted text %j',
    async (text) =>
      expectUserinfoRejection(await register({ encrypted: alg }, [], { ...decryptTo(text) }), 'json'),
  );

  const decryptTo = (text: string) => ({
    userinfoEncryptedResponseAlg: alg,
    decrypt: async () => text,
  });

  test('createClient() rejects invalid encryption options', () => {
    const options = { issuer: 'https://auth.example.test', clientId: 'web' };
    const create = (more: object) => () => createClient({ ...options, ...more });
    expect(create({ userinfoEncryptedResponseAlg: alg })).toThrow(/createDecrypt/);
    for (const invalidAlg of ['RSA1_5', 'dir', 'A256KW', 'PBES2-HS256+A128KW', '']) {
      expect(create({ userinfoEncryptedResponseAlg: invalidAlg, decrypt: async () => '' })).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }),
      );
    }
  });
});
