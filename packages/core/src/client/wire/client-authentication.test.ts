import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { getSigningKey } from '../../../tests/support/client/signing-key.ts';
import {
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  privateKeyJwt,
  requestClientCredentials,
  revokeToken,
} from '../../index.ts';

const findAssertions = (harness: Awaited<ReturnType<typeof createHarness>>) =>
  harness.server.requestsTo('token').map(({ body }) => String(body.client_assertion));

test('private_key_jwt: creates assertions with the key ID, a lifetime of 60 seconds and a unique jti', async () => {
  const [old, current] = [await getSigningKey('ES256'), await getSigningKey('PS256')];
  let signing = old;
  const harness = await createHarness({
    registration: { tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [old.jwk, current.jwk] } },
    client: {
      clientAuthentication: privateKeyJwt(() => ({ key: signing.key, kid: signing.jwk.kid as string })),
    },
  });
  await requestClientCredentials(harness.client);
  signing = current;
  await requestClientCredentials(harness.client);
  const assertions = findAssertions(harness);
  expect(assertions.map((each) => decodeProtectedHeader(each))).toMatchObject([
    { alg: 'ES256', kid: old.jwk.kid },
    { alg: 'PS256', kid: current.jwk.kid },
  ]);
  const claims = assertions.map((each) => decodeJwt(each));
  for (const { iss, sub, aud, exp = 0, iat = 0 } of claims) {
    expect({ iss, sub, aud }).toEqual({ iss: 'web', sub: 'web', aud: harness.server.issuer });
    expect(exp - iat).toBe(60);
  }
  expect(new Set(claims.map(({ jti }) => jti)).size).toBe(2);
});

test('client_secret_jwt: signs with the secret, and does not send it', async () => {
  const clientSecret = 'a-secret-of-at-least-thirty-two-characters';
  const harness = await createHarness({
    registration: { tokenEndpointAuthMethod: 'client_secret_jwt', clientSecret },
    client: { clientAuthentication: clientSecretJwt(clientSecret) },
  });
  await requestClientCredentials(harness.client);
  const [assertion = ''] = findAssertions(harness);
  expect(decodeProtectedHeader(assertion).alg).toBe('HS256');
  expect(decodeJwt(assertion)).toMatchObject({ iss: 'web', sub: 'web', jti: expect.any(String) });
  expect(JSON.stringify(harness.server.requests)).not.toContain(clientSecret);
});

test.each(['private_key_jwt', 'client_secret_jwt'] as const)(
  '%s: addresses assertions to the token endpoint if the option requires it',
  async (method) => {
    const { key, jwk } = await getSigningKey('ES256');
    const clientSecret = 'a-secret-of-at-least-thirty-two-characters';
    const audience = 'token_endpoint';
    const harness = await createHarness({
      registration: { tokenEndpointAuthMethod: method, clientSecret, jwks: { keys: [jwk] } },
      client: {
        clientAuthentication:
          method === 'private_key_jwt'
            ? privateKeyJwt({ key }, { audience })
            : clientSecretJwt(clientSecret, { audience }),
      },
    });
    await requestClientCredentials(harness.client);
    await revokeToken(harness.client, 'token');
    const [assertion = ''] = findAssertions(harness);
    const [revocation] = harness.server.requestsTo('revocation');
    for (const each of [assertion, String(revocation?.body.client_assertion)])
      expect(decodeJwt(each).aud).toBe(`${harness.server.issuer}/token`);
    expect(revocation?.status).toBe(200);
  },
);

test('rejects an audience of assertions that is neither the issuer nor the token endpoint', async () => {
  const { key } = await getSigningKey('ES256');
  const options = { audience: 'https://auth.example.test/token' } as never;
  for (const create of [() => privateKeyJwt({ key }, options), () => clientSecretJwt('secret', options)])
    expect(create).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }));
});

test.each([clientSecretBasic, clientSecretPost, clientSecretJwt])(
  '%o rejects an empty or missing secret',
  (method) => {
    for (const secret of ['', undefined]) {
      expect(() => method(secret as string)).toThrow(
        expect.objectContaining({ name: 'ConfigurationError', code: 'missing_option' }),
      );
    }
  },
);
