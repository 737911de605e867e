import { expect, test } from 'vitest';
import {
  claims,
  context,
  createContext,
  encode,
  expected,
  expectRejected,
  provider,
  replaceContext,
  seconds,
} from '../../../tests/support/browser/id-tokens.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { validateIdToken } from './verify-id-token.ts';

test('accepts a valid ID token', async () => {
  expect(await validateIdToken(context, await provider.sign(claims()), expected)).toEqual(claims());
});

test('C2: rejects a changed payload, signature or key', async () => {
  const [header, , signature] = (await provider.sign(claims())).split('.');
  await expectRejected(`${header}.${encode(claims({ sub: 'admin' }))}.${signature}`, 'signature');
  await expectRejected(`${header}.${encode(claims())}.`, 'signature');
  await validateIdToken(context, await provider.sign(claims()), expected);
  await provider.rotateKeys();
  await expectRejected(await provider.sign(claims(), { kid: 'key-1' }), 'signature');
});

test('A1: rejects none, HMAC and each algorithm except the registered one', async () => {
  const payload = encode(claims());
  await expectRejected(`${encode({ alg: 'none' })}.${payload}.`, 'alg');
  const secret = await crypto.subtle.importKey(
    'raw',
    encodeUtf8(JSON.stringify(provider.keys[0])),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const text = `${encode({ alg: 'HS256', kid: 'key-1' })}.${payload}`;
  await expectRejected(
    `${text}.${toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', secret, encodeUtf8(text))))}`,
    'alg',
  );
  await expectRejected(await provider.sign(claims(), { alg: 'PS256' }), 'alg');
  for (const alg of ['HS256', 'none', 'RS1', 'ES']) {
    const registered = createContext({ idTokenSignedResponseAlg: alg });
    const token = `${encode({ alg, kid: 'key-1' })}.${payload}.AA`;
    await expect(validateIdToken(registered, token, expected)).rejects.toMatchObject({
      code: 'invalid_option',
    });
  }
});

test('A2: ignores a key in the header and rejects an unknown crit', async () => {
  const pair = await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ['sign', 'verify'],
  );
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey);
  await expectRejected(await provider.sign(claims(), { jwk }, pair.privateKey), 'signature');
  await expectRejected(await provider.sign(claims(), { crit: ['b64'], b64: false }), 'crit');
});

test('treats claims that are null as absent', async () => {
  const token = await provider.sign({ ...claims(), azp: null, nbf: null, auth_time: null, nickname: null });
  expect(await validateIdToken(context, token, expected)).toEqual(claims());
});

test('A8: rejects a token with another typ', async () => {
  await expectRejected(await provider.sign(claims(), { typ: 'at+jwt' }), 'typ');
  await expectRejected(await provider.sign(claims(), { typ: 'logout+jwt' }), 'typ');
  await expectRejected(await provider.sign(claims(), { typ: ['JWT'] }), 'typ');
  await expectRejected(await provider.sign(claims(), { typ: { toString: {} } }), 'typ');
  for (const typ of ['JWT', 'jwt', 'application/jwt', 'application/JWT', null])
    await validateIdToken(context, await provider.sign(claims(), { typ }), expected);
});

test.each([
  ['iss', { iss: 'https://evil.example' }],
  ['iss', { iss: undefined }],
  ['sub', { sub: '' }],
  ['sub', { sub: 'x'.repeat(256) }],
  ['sub', { sub: 1 }],
  ['sub', { sub: ['user-1'] }],
  ['aud', { aud: 'other' }],
  ['aud', { aud: ['spa', 1], azp: 'spa' }],
  ['aud', { aud: ['spa', 'other'] }],
  ['azp', { aud: ['spa', 'other'], azp: 'other' }],
  ['azp', { azp: 'other' }],
  ['exp', { exp: undefined }],
  ['exp', { exp: '9999999999' }],
  ['iat', { iat: undefined }],
  ['iat', { iat: String(seconds()) }],
  ['nbf', { nbf: '0' }],
  ['nonce', { nonce: 'other' }],
  ['nonce', { nonce: undefined }],
  ['at_hash', { at_hash: 'other' }],
  ['c_hash', { c_hash: 'other' }],
  ['auth_time', { auth_time: 'now' }],
  ['auth_time', { auth_time: -1 }],
])('rejects an invalid %s: %j', async (check, changes) => {
  await expectRejected(await provider.sign(claims(changes)), check);
});

test('applies the clock tolerance to all times', async () => {
  const at = async (changes: object) => provider.sign(claims(changes));
  await validateIdToken(context, await at({ exp: seconds() - 29 }), expected);
  await expectRejected(await at({ exp: seconds() - 31 }), 'exp');
  await validateIdToken(context, await at({ iat: seconds() + 29 }), expected);
  await expectRejected(await at({ iat: seconds() + 31 }), 'iat');
  await expectRejected(await at({ iat: seconds() - 3631 }), 'iat');
  await expectRejected(await at({ nbf: seconds() + 31 }), 'nbf');
});

test('accepts an ID token up to the age of the option idTokenMaxAge', async () => {
  replaceContext({ idTokenMaxAge: 86_400 });
  const at = async (age: number) => provider.sign(claims({ iat: seconds() - age }));
  await validateIdToken(context, await at(86_400), expected);
  await expectRejected(await at(86_431), 'iat');
  expect(() => createContext({ idTokenMaxAge: 0 })).toThrow(
    expect.objectContaining({ code: 'invalid_option' }),
  );
});

test('S22: requires auth_time after max_age, and acr after acr_values', async () => {
  const withAge = { ...expected, maxAge: 60 };
  await expectRejected(await provider.sign(claims()), 'auth_time', withAge);
  await expectRejected(await provider.sign(claims({ auth_time: seconds() - 91 })), 'auth_time', withAge);
  await validateIdToken(context, await provider.sign(claims({ auth_time: seconds() - 89 })), withAge);
  const withAcr = { ...expected, acrValues: ['high'] };
  await expectRejected(await provider.sign(claims({ acr: 'low' })), 'acr', withAcr);
  await expectRejected(await provider.sign(claims({ acr: ['high'] })), 'acr', withAcr);
  await expectRejected(await provider.sign(claims({ acr: { toString: {} } })), 'acr', withAcr);
  await expectRejected(await provider.sign(claims()), 'acr', withAcr);
  await validateIdToken(context, await provider.sign(claims({ acr: 'high' })), withAcr);
});

test('rejects a token that is not a compact JWS of JSON objects', async () => {
  const validToken = await provider.sign(claims());
  const [header, payload, signature] = validToken.split('.');
  await expectRejected('', 'format');
  await expectRejected(`${validToken}.x`, 'format');
  await expectRejected(`!${validToken}`, 'format');
  await expectRejected(`${toBase64Url(encodeUtf8('null'))}.${payload}.${signature}`, 'format');
  await expectRejected(await provider.sign(null as never), 'format');
  await expectRejected(`${header}.${toBase64Url(encodeUtf8('[]'))}.${signature}`, 'signature');
  await expectRejected(
    `${toBase64Url(encodeUtf8('{"alg":"RS256","alg":"none"}'))}.${payload}.${signature}`,
    'format',
  );
});

test.each([
  ['ES256', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }],
  ['ES384', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }],
  ['ES512', { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }],
  [
    'PS256',
    {
      name: 'RSA-PSS',
      hash: 'SHA-256',
      saltLength: 32,
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
  ],
  [
    'RS384',
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-384',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
  ],
  ['EdDSA', { name: 'Ed25519' }],
  ['Ed25519', { name: 'Ed25519' }],
])('accepts a token signed with %s if it is the registered algorithm', async (alg, algorithm) => {
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, n, e, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  provider.keys.splice(0, 1, JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, kid: 'a' })));
  const text = `${encode({ alg, kid: 'a' })}.${encode(claims())}`;
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, encodeUtf8(text));
  const token = `${text}.${toBase64Url(new Uint8Array(signature))}`;
  replaceContext({ idTokenSignedResponseAlg: alg });
  await validateIdToken(context, token, expected);
  const other = `${encode({ alg, kid: 'a' })}.${encode(claims({ sub: 'x' }))}.${token.split('.')[2]}`;
  await expectRejected(other, 'signature');
});

test.each([
  ['EdDSA', 'Ed25519', 'EdDSA', true],
  ['EdDSA', 'EdDSA', 'Ed25519', true],
  ['Ed25519', 'Ed25519', 'EdDSA', true],
  // The older name also means Ed448, which a client that registered the newer name does not accept.
  ['Ed25519', 'EdDSA', 'Ed25519', false],
])('both names of Ed25519: registered %s, token %s, key %s', async (registered, alg, keyAlg, isAccepted) => {
  const algorithm = { name: 'Ed25519' };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, crv, x } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  provider.keys.splice(0, 1, { kty, crv, x, kid: 'a', alg: keyAlg });
  const text = `${encode({ alg, kid: 'a' })}.${encode(claims())}`;
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, encodeUtf8(text));
  replaceContext({ idTokenSignedResponseAlg: registered });
  const token = `${text}.${toBase64Url(new Uint8Array(signature))}`;
  if (isAccepted) await validateIdToken(context, token, expected);
  else await expectRejected(token, 'alg');
});
