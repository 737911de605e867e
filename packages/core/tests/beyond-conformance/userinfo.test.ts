import type { Lie } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createClient, fetchUserinfo, generateDpopKeyPair } from '../../src/index.ts';
import { createDecrypt } from '../../src/node/decrypt.ts';
import { encryptionKey } from '../conformance/encryption-key.ts';
import { createHarness, type HarnessOptions } from '../conformance/harness.ts';

describe('userinfo', () => {
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
  ] as const)('signed: %s is refused for its %s', async (lie, check) => {
    const harness = await createHarness({
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
      lies: [lie],
    });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check });
    expect(harness.userinfo).toBeUndefined();
  });

  test.each(['userinfo_iss_missing', 'userinfo_aud_missing'] as const)(
    'signed: %s passes where that is allowed, and what is there must be right all the same',
    async (lie) => {
      const harness = await createHarness({
        registration: { userinfoSignedResponseAlg: 'RS256' },
        client: { userinfoSignedResponseAlg: 'RS256', allowUnaddressedUserinfo: true },
        lies: [lie],
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
        harness.server.lies.clear();
        harness.server.lies.add(wrong);
        await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check });
      }
      expect(harness.userinfo).toBeUndefined();
    },
  );

  test('tokens of other kinds that the provider signed about the same user are no userinfo', async () => {
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
      ['answer for another client', await server.mintIdToken({ sub: 'alice', aud: 'another' }), 'aud'],
      ['answer of another issuer', await server.mintIdToken({ iss: 'https://other.example' }), 'iss'],
    ] as const;
    for (const [kind, body, check] of kinds) {
      server.fail('userinfo', { status: 200, headers: { 'content-type': 'application/jwt' }, body });
      await expect(fetchUserinfo(harness.client, accessToken, 'alice'), kind).rejects.toMatchObject({
        code: 'userinfo_invalid',
        check,
      });
    }
  });

  test('an unsigned answer is refused where a signed one is registered', async () => {
    const harness = await createHarness({ client: { userinfoSignedResponseAlg: 'RS256' } });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid' });
  });

  test('a request that changes nothing is made again when the provider is not well, but a DPoP proof is sent once', async () => {
    const plain = await createHarness();
    plain.server.fail('userinfo', { status: 503 });
    await plain.logIn();
    expect(plain.server.requestsTo('userinfo').map(({ status }) => status)).toEqual([503, 200]);
    const bound = await createHarness({ client: { dpop: { keyPair: await generateDpopKeyPair() } } });
    bound.server.fail('userinfo', { status: 503 });
    await expect(bound.logIn()).rejects.toMatchObject({ code: 'server_error' });
    expect(bound.server.requestsTo('userinfo')).toHaveLength(1);
  });

  test('distributed claims are left readable', async () => {
    const harness = await createHarness({ lies: ['userinfo_distributed_claims'] });
    await harness.logIn();
    expect(harness.userinfo?._claim_names).toEqual({ credit_score: 'src1' });
  });
});

describe('encrypted userinfo (OpenID Connect Core section 5.3.2)', () => {
  const alg = 'RSA-OAEP-256';

  /** A client whose registration, and whose own options, say how userinfo is protected. */
  async function registered(
    protection: { readonly signed?: string; readonly encrypted?: string },
    lies: readonly Lie[] = [],
    client: HarnessOptions['client'] = {
      ...(protection.signed && { userinfoSignedResponseAlg: protection.signed }),
      ...(protection.encrypted && { userinfoEncryptedResponseAlg: protection.encrypted }),
    },
  ) {
    const { privateKey, jwk } = await encryptionKey(alg);
    return createHarness({
      registration: {
        jwks: { keys: [jwk] },
        ...(protection.signed && { userinfoSignedResponseAlg: protection.signed }),
        ...(protection.encrypted && { userinfoEncryptedResponseAlg: protection.encrypted }),
      },
      client: { decrypt: createDecrypt(privateKey), ...client },
      lies,
    });
  }

  async function refused(harness: Awaited<ReturnType<typeof registered>>, check: string) {
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'userinfo_invalid',
      check,
    });
    expect(harness.userinfo).toBeUndefined();
    expect(harness.calls().at(-1)).toBe('userinfo');
  }

  test('signed and encrypted is opened and verified', async () => {
    for (const client of [undefined, { userinfoSignedResponseAlg: 'RS256' }]) {
      const harness = await registered({ signed: 'RS256', encrypted: alg }, [], client);
      await harness.logIn();
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
      harness.server.lies.add('userinfo_signature_invalid');
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check: 'signature' });
    }
  });

  test('encrypted and unsigned is accepted where encryption alone is registered', async () => {
    const harness = await registered({ encrypted: alg });
    await harness.logIn();
    expect(harness.userinfo).toMatchObject({ sub: 'alice', name: 'Alice Example' });
  });

  test('encrypted and unsigned claims of somebody else are refused', async () =>
    refused(await registered({ encrypted: alg }, ['userinfo_response_sub_invalid']), 'sub'));

  test('encrypted and unsigned is refused where encryption is not registered', async () =>
    refused(await registered({ encrypted: alg }, [], {}), 'signature'));

  test('encrypted and unsigned is refused where a signature is registered too', async () => {
    const both = { signed: 'RS256', encrypted: alg };
    await refused(await registered(both, ['userinfo_response_unsigned']), 'signature');
    const signedOnly = { userinfoSignedResponseAlg: 'RS256' };
    await refused(await registered(both, ['userinfo_response_unsigned'], signedOnly), 'signature');
  });

  test('in the open is refused where encryption is registered, signed or not', async () => {
    const lies: readonly Lie[] = ['userinfo_response_unencrypted'];
    await refused(await registered({ encrypted: alg }, lies), 'encryption');
    await refused(await registered({ signed: 'RS256', encrypted: alg }, lies), 'encryption');
  });

  test('another key management algorithm than the registered one is refused', async () =>
    refused(await registered({ encrypted: alg }, [], { userinfoEncryptedResponseAlg: 'RSA-OAEP' }), 'alg'));

  test('encrypted to somebody who cannot open it is refused', async () => {
    const { jwk } = await encryptionKey(alg);
    const harness = await createHarness({
      registration: { jwks: { keys: [jwk] }, userinfoEncryptedResponseAlg: alg },
    });
    await refused(harness, 'encryption');
  });

  test.each(['{"sub":"mallory","sub":"alice"}', '{"sub":', 'sub', ''])(
    'encrypted text %j is no answer',
    async (text) => refused(await registered({ encrypted: alg }, [], { ...openedAs(text) }), 'json'),
  );

  const openedAs = (text: string) => ({
    userinfoEncryptedResponseAlg: alg,
    decrypt: async () => text,
  });

  test('a registration that cannot be kept is found at once', () => {
    const options = { issuer: 'https://auth.example.test', clientId: 'web' };
    const wrong = (more: object) => () => createClient({ ...options, ...more });
    expect(wrong({ userinfoEncryptedResponseAlg: alg })).toThrow(/createDecrypt/);
    for (const refusedAlg of ['RSA1_5', 'dir', 'A256KW', 'PBES2-HS256+A128KW', '']) {
      expect(wrong({ userinfoEncryptedResponseAlg: refusedAlg, decrypt: async () => '' })).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }),
      );
    }
  });
});
