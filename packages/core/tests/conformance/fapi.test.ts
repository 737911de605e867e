import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  generateDpopKeyPair,
  privateKeyJwt,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createDecrypt } from '../../src/node/decrypt.ts';
import { createEncryptionKey } from '../support/client/encryption-key.ts';
import { createHarness, expectRejection, type HarnessOptions } from '../support/client/harness.ts';
import { getSigningKey } from '../support/client/signing-key.ts';
import { fapi1AdvancedRows } from './rows/fapi1-advanced.ts';
import { messageSigningRows } from './rows/fapi2-message-signing.ts';
import { securityProfileRows } from './rows/fapi2-security-profile.ts';
import { createFapi2Name } from './rows/row.ts';
import { record, runRow } from './run-row.ts';

/** Creates the options of a FAPI 2.0 client: private_key_jwt, PAR, DPoP, PS256. */
async function createFapiOptions(more: HarnessOptions = {}): Promise<HarnessOptions> {
  const { key, jwk } = await getSigningKey('PS256');
  return {
    ...more,
    server: { requirePushedAuthorizationRequests: true, dpopNonce: true, decoyKeys: true, ...more.server },
    registration: {
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: { keys: [jwk] },
      idTokenSignedResponseAlg: 'PS256',
      authorizationSignedResponseAlg: 'PS256',
      dpopBoundAccessTokens: true,
      ...more.registration,
    },
    client: {
      clientAuthentication: privateKeyJwt({ key, kid: jwk.kid as string }),
      idTokenSignedResponseAlg: 'PS256',
      authorizationSignedResponseAlg: 'PS256',
      dpop: { keyPair: await generateDpopKeyPair() },
      ...more.client,
    },
  };
}

describe('FAPI 2.0 Security Profile, Message Signing, and FAPI 1.0 Advanced: sections 3 and 4', () => {
  for (const row of [...securityProfileRows, ...messageSigningRows, ...fapi1AdvancedRows]) {
    test(row.module, async ({ task }) =>
      runRow({ ...row, options: await createFapiOptions(row.options) }, task),
    );
  }

  test(createFapi2Name('test-happy-path'), async ({ task }) => {
    const harness = await createHarness(await createFapiOptions());
    await harness.logIn();
    expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    // Both endpoints require a nonce: the first request gets one and is repeated.
    expect(harness.server.requestsTo('token').map(({ status }) => status)).toEqual([200]);
    expect(harness.server.requestsTo('pushed_authorization_request').map(({ status }) => status)).toEqual([
      400, 201,
    ]);
    expect(Object.keys(harness.server.requestsTo('authorization')[0]?.query ?? {})).toEqual([
      'client_id',
      'request_uri',
    ]);
    record(task, { id: 'F1', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('test-rs-dpop-auth-scheme-case-insensitivity'), async ({ task }) => {
    const harness = await createHarness(await createFapiOptions({ server: { dpopNonce: false } }));
    harness.server.fail('userinfo', {
      status: 401,
      headers: { 'www-authenticate': 'dPoP error="use_dpop_nonce"', 'dpop-nonce': 'a-nonce' },
    });
    await harness.logIn();
    expect(harness.server.requestsTo('userinfo').map(({ status }) => status)).toEqual([401, 200]);
    record(task, { id: 'F21', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('test-happy-path-no-dpop-nonce'), async ({ task }) => {
    const harness = await createHarness(await createFapiOptions({ server: { dpopNonce: false } }));
    await harness.logIn();
    expect(harness.server.requestsTo('token')).toHaveLength(1);
    record(task, { id: 'F22', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('refresh-token-test'), async ({ task }) => {
    const harness = await createHarness(await createFapiOptions());
    await harness.logIn();
    const first = harness.stored?.refreshToken;
    await harness.refresh();
    const second = harness.stored?.refreshToken;
    await harness.refresh();
    expect(new Set([first, second, harness.stored?.refreshToken]).size).toBe(3);
    expect(harness.server.requestsTo('token').at(-1)?.body.refresh_token).toBe(second);
    record(task, { id: 'F32', verdict: 'A', result: 'accepted' });
  });

  for (const mode of ['jwt', 'query.jwt', 'form_post.jwt'] as const) {
    test(`accepts JARM with ${mode} and a pushed, signed request object`, async () => {
      const { key, jwk } = await getSigningKey('PS256');
      const options = await createFapiOptions({
        client: { responseMode: mode, requestObjectSigningKey: { key, kid: jwk.kid as string } },
      });
      const harness = await createHarness(options);
      await harness.logIn({ maxAge: 300, resource: ['https://a.example', 'https://b.example'] });
      expect(harness.server.requestsTo('pushed_authorization_request').at(-1)?.body).toHaveProperty(
        'request',
      );
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    });
  }

  test('rejects an unsigned response to a request with response_mode=jwt', async () => {
    const harness = await createHarness({ client: { responseMode: 'jwt' } });
    const { transaction } = await createAuthorizationRequest(harness.client);
    const unsigned = new URLSearchParams({
      code: 'code',
      state: transaction.state,
      iss: harness.server.issuer,
    });
    await expect(validateAuthorizationResponse(harness.client, unsigned, transaction)).rejects.toMatchObject({
      code: 'authorization_response_invalid',
      check: 'response_mode',
    });
  });

  for (const alg of ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES'] as const) {
    test(`fapi1-advanced-final-client-test-encrypted-idtoken (${alg})`, async ({ task }) => {
      const { privateKey, jwk } = await createEncryptionKey(alg);
      const received: string[] = [];
      const harness = await createHarness({
        registration: { idTokenEncryptedResponseAlg: alg, jwks: { keys: [jwk] } },
        client: {
          decrypt: (jwe) => {
            received.push(jwe);
            return createDecrypt(privateKey, { keyManagementAlgorithms: [alg] })(jwe);
          },
        },
      });
      await harness.logIn();
      expect(received.map((jwe) => jwe.split('.'))).toEqual([expect.objectContaining({ length: 5 })]);
      // The decrypted ID token is stored, because the provider must read it as `id_token_hint` of a logout.
      expect(harness.stored?.idToken?.split('.')).toHaveLength(3);
      record(task, { id: `FA6 ${alg}`, verdict: 'A', result: 'accepted' });
    });
  }

  test('rejects a code exchange with another DPoP key', async () => {
    const harness = await createHarness({ client: { dpop: { keyPair: await generateDpopKeyPair() } } });
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    const { parameters } = await harness.server.authorize(url);
    const attacker = createClient({
      ...harness.client.options,
      clientAuthentication: clientSecretBasic('web-secret'),
      dpop: { keyPair: await generateDpopKeyPair() },
    });
    const response = await validateAuthorizationResponse(attacker, parameters, transaction);
    await expect(exchangeCode(attacker, response, transaction)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('checks the claims of an encrypted ID token', async () => {
    const { privateKey, jwk } = await createEncryptionKey('ECDH-ES');
    const harness = await createHarness({
      registration: { idTokenEncryptedResponseAlg: 'ECDH-ES', jwks: { keys: [jwk] } },
      client: { decrypt: createDecrypt(privateKey) },
      faults: ['id_token_at_hash_invalid'],
    });
    const rejection = { error: 'ValidationError', code: 'id_token_invalid', check: 'at_hash' } as const;
    await expectRejection(harness, () => harness.logIn(), rejection, 'jwks');
  });

  test('fapi1-advanced-final-client-test-encrypted-idtoken-usingrsa15', async ({ task }) => {
    const { privateKey, jwk } = await createEncryptionKey('RSA-OAEP-256');
    const harness = await createHarness({
      registration: { idTokenEncryptedResponseAlg: 'RSA-OAEP-256', jwks: { keys: [jwk] } },
      client: { decrypt: createDecrypt(privateKey) },
    });
    const header = base64url.encode('{"alg":"RSA1_5","enc":"A256GCM"}');
    harness.server.fail('token', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        access_token: 'at',
        token_type: 'Bearer',
        id_token: `${header}.a2V5.aXY.dGV4dA.dGFn`,
      }),
    });
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    const { parameters } = await harness.server.authorize(url);
    const response = await validateAuthorizationResponse(harness.client, parameters, transaction);
    const run = () => exchangeCode(harness.client, response, transaction);
    const rejection = { error: 'ValidationError', code: 'response_malformed', check: 'decryption' } as const;
    const code = await expectRejection(harness, run, rejection, 'token');
    record(task, { id: 'FA7', verdict: 'R', result: 'rejected', code });
  });
});
