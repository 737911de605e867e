import { decodeProtectedHeader, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../../../tests/support/client/harness.ts';
import { getSigningKey } from '../../../tests/support/client/signing-key.ts';
import {
  createAuthorizationRequest,
  createClient,
  introspectToken,
  privateKeyJwt,
  requestClientCredentials,
  validateLogoutToken,
} from '../../index.ts';

const generate = (algorithm: object, usages: KeyUsage[] = ['sign', 'verify']) =>
  crypto.subtle.generateKey(algorithm as EcKeyGenParams, true, usages) as Promise<CryptoKeyPair>;
const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };

describe('a key that cannot sign', () => {
  const pairs: Readonly<Record<string, () => Promise<CryptoKeyPair>>> = {
    '1024 bits': () => generate({ ...rsa, modulusLength: 1024, hash: 'SHA-256' }),
    'the hash SHA-1': () => generate({ ...rsa, hash: 'SHA-1' }),
    'a public key': async () => {
      const { publicKey } = await generate({ name: 'ECDSA', namedCurve: 'P-256' });
      return { privateKey: publicKey, publicKey };
    },
    'not allowed to sign': () => generate({ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits', 'deriveKey']),
  };

  test.each(Object.entries(pairs))('is rejected at the creation of the client: %s', async (text, create) => {
    const keyPair = await create();
    const key = keyPair.privateKey;
    const options = { issuer: 'https://auth.example.test', clientId: 'web' };
    for (const run of [
      () => privateKeyJwt({ key }),
      () => createClient({ ...options, requestObjectSigningKey: { key } }),
      () => createClient({ ...options, dpop: { keyPair } }),
    ])
      expect(run).toThrow(
        expect.objectContaining({
          name: 'ConfigurationError',
          code: 'invalid_option',
          message: expect.stringContaining(text),
        }),
      );
  });

  test('is rejected if a function returns it, or if it is not in an object', async () => {
    const { privateKey: key } = await generate({ ...rsa, modulusLength: 1024, hash: 'SHA-256' });
    const { client, server } = await createHarness({
      client: { clientAuthentication: privateKeyJwt(() => ({ key })) },
    });
    await expect(requestClientCredentials(client)).rejects.toMatchObject({ code: 'invalid_option' });
    expect(server.requestsTo('token')).toEqual([]);
    expect(() => privateKeyJwt(key as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });

  test('is rejected as public key of DPoP proofs if it is not extractable', async () => {
    const { privateKey } = await generate({ name: 'ECDSA', namedCurve: 'P-256' });
    const keyPair = { privateKey, publicKey: privateKey };
    expect(() =>
      createClient({ issuer: 'https://auth.example.test', clientId: 'web', dpop: { keyPair } }),
    ).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});

describe('RFC 9864: an Ed25519 key', () => {
  const createLogin = async (supportedNames: readonly string[] | undefined) => {
    const { key, jwk } = await getSigningKey('Ed25519');
    const { privateKey, publicKey } = await generate({ name: 'Ed25519' });
    const { alg: _, ...publicJwk } = jwk;
    return createHarness({
      server: {
        metadata: {
          token_endpoint_auth_signing_alg_values_supported: supportedNames,
          request_object_signing_alg_values_supported: supportedNames,
          dpop_signing_alg_values_supported: supportedNames,
        },
      },
      registration: { tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [publicJwk as JWK] } },
      client: {
        clientAuthentication: privateKeyJwt({ key }),
        requestObjectSigningKey: { key },
        dpop: { keyPair: { privateKey, publicKey } },
      },
    });
  };

  test.each([
    ['EdDSA', ['ES256', 'EdDSA']],
    ['Ed25519', ['EdDSA', 'Ed25519']],
    ['Ed25519', ['ES256']],
    ['Ed25519', undefined],
  ])('signs as %s if the metadata lists %j', async (name, supportedNames) => {
    const harness = await createLogin(supportedNames);
    const { url } = await createAuthorizationRequest(harness.client);
    await harness.logIn();
    const [request] = harness.server.requestsTo('token');
    const signatures = [
      url.searchParams.get('request'),
      request?.body.client_assertion,
      request?.headers.dpop,
    ];
    expect(signatures.map((jwt) => decodeProtectedHeader(String(jwt)).alg)).toEqual([name, name, name]);
  });

  test.each([
    ['Ed25519', 'EdDSA'],
    ['EdDSA', 'Ed25519'],
    ['EdDSA', 'EdDSA'],
  ] as const)(
    'of the provider signs responses as %s with a key for %s, if EdDSA is registered',
    async (alg, keyAlg) => {
      const harness: Harness = await createHarness({
        registration: createRegistration(alg),
        client: {
          ...createRegistration('EdDSA'),
          responseMode: 'jwt',
          fetch: async (url, init) => {
            const response = await harness.server.fetch(url, init);
            if (!url.endsWith('/jwks')) return response;
            const { keys } = (await response.json()) as { keys: JWK[] };
            return Response.json({
              keys: keys.map((key) => (key.kty === 'OKP' ? { ...key, alg: keyAlg } : key)),
            });
          },
        },
      });
      const { idToken, accessToken } = await harness.logIn();
      expect(decodeProtectedHeader(String(idToken)).alg).toBe(alg);
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
      expect(await introspectToken(harness.client, accessToken)).toMatchObject({ active: true });
      const logoutToken = await harness.server.mintLogoutToken();
      expect(await validateLogoutToken(harness.client, logoutToken)).toMatchObject({ sub: 'alice' });
    },
  );

  test('of the provider signs responses as EdDSA, which is rejected if Ed25519 is registered', async () => {
    const harness = await createHarness({
      registration: createRegistration('EdDSA'),
      client: createRegistration('Ed25519'),
    });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'alg' });
    await expect(
      validateLogoutToken(harness.client, await harness.server.mintLogoutToken()),
    ).rejects.toMatchObject({ check: 'alg' });
  });
});

const createRegistration = (alg: 'EdDSA' | 'Ed25519') => ({
  idTokenSignedResponseAlg: alg,
  userinfoSignedResponseAlg: alg,
  authorizationSignedResponseAlg: alg,
  introspectionSignedResponseAlg: alg,
});
