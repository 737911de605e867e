import { beforeEach, expect, test } from 'vitest';
import {
  createTestProvider,
  json,
  type TestProvider,
} from '../../../tests/support/browser/browser-provider.ts';
import type { AuthEvent } from '../../events.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { type BrowserContext, resolveOptions } from '../options.ts';
import { type ResponseExpectations, validateIdToken } from './verify-id-token.ts';

let time = Date.UTC(2026, 0, 1);
const seconds = () => Math.floor(time / 1000);
let provider: TestProvider;
let context: BrowserContext;

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  provider = await createTestProvider(() => time);
  context = createContext({});
});

function createContext(options: object): BrowserContext {
  return resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    fetch: provider.fetch,
    now: () => time,
    ...options,
  });
}

const claims = (changes: object = {}) => ({
  iss: provider.issuer,
  sub: 'user-1',
  aud: 'spa',
  iat: seconds(),
  exp: seconds() + 60,
  nonce: 'n',
  ...changes,
});

const expected: ResponseExpectations = { accessToken: 'access', code: 'code', nonce: 'n' };

async function expectRejected(token: string, check: string, expectations = expected): Promise<void> {
  await expect(validateIdToken(context, token, expectations)).rejects.toMatchObject({
    code: 'id_token_invalid',
    check,
  });
}

const encode = (value: object) => toBase64Url(encodeUtf8(JSON.stringify(value)));

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

test('A4: fetches keys once in ten seconds for unknown kids, and uses a rotated key', async () => {
  await validateIdToken(context, await provider.sign(claims()), expected);
  for (let times = 0; times < 20; times++) {
    await expectRejected(await provider.sign(claims(), { kid: `forged-${times}` }), 'kid');
  }
  expect(provider.count('/jwks')).toBe(2);
  await provider.rotateKeys();
  time += 11_000;
  await validateIdToken(context, await provider.sign(claims()), expected);
  expect(provider.count('/jwks')).toBe(3);
});

test('reports the reason of a key fetch in an event', async () => {
  const reasons: string[] = [];
  const onEvent = (event: AuthEvent) => {
    if (event.type === 'keys.fetched') reasons.push(event.reason);
  };
  context = createContext({ onEvent });
  await validateIdToken(context, await provider.sign(claims()), expected);
  time += 301_000;
  await validateIdToken(context, await provider.sign(claims()), expected);
  await expectRejected(await provider.sign(claims(), { kid: 'unknown' }), 'kid');
  expect(reasons).toEqual(['first', 'stale', 'unknown_kid']);
});

test('tries each key with the kid of the token', async () => {
  const token = await provider.sign(claims());
  const [first] = provider.keys as [Record<string, unknown>];
  await provider.rotateKeys();
  const [second] = provider.keys as [Record<string, unknown>];
  provider.keys.splice(0, 1, { ...second, kid: 'key-1' }, { ...first, kid: 'key-1' });
  expect(await validateIdToken(context, token, expected)).toEqual(claims());
});

test('tries the keys without kid if no key has the kid of the token', async () => {
  const token = await provider.sign(claims());
  const { kid, ...unnamed } = provider.keys[0] as Record<string, unknown>;
  provider.keys.splice(0, 1, unnamed);
  expect(kid).toBe('key-1');
  expect(await validateIdToken(context, token, expected)).toEqual(claims());
});

test('A4: fetches the keys once in ten seconds for tokens without kid, and uses a rotated key', async () => {
  await validateIdToken(context, await provider.sign(claims(), { kid: undefined }), expected);
  await provider.rotateKeys();
  await validateIdToken(context, await provider.sign(claims(), { kid: undefined }), expected);
  await provider.rotateKeys();
  for (let times = 0; times < 5; times++)
    await expectRejected(await provider.sign(claims(), { kid: undefined }), 'signature');
  expect(provider.count('/jwks')).toBe(2);
});

test('rejects a response that is not a key set', async () => {
  const token = await provider.sign(claims());
  context = createContext({
    fetch: (url: string, init: RequestInit) =>
      url.endsWith('/jwks') ? Promise.resolve(json({ keys: 'none' })) : provider.fetch(url, init),
  });
  await expect(validateIdToken(context, token, expected)).rejects.toMatchObject({
    code: 'keys_invalid',
    check: 'jwks',
  });
});

test('does not use a key for encryption, a key for another algorithm or a short key', async () => {
  const token = await provider.sign(claims());
  const key = provider.keys[0] as object;
  for (const change of [{ use: 'enc' }, { alg: 'RS512' }, { key_ops: ['encrypt'] }, { kty: 'EC' }]) {
    provider.keys.splice(0, 1, { ...key, ...change });
    context = createContext({});
    await expectRejected(token, 'kid');
  }
  const pair = await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ['sign', 'verify'],
  );
  const { kty, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  provider.keys.splice(0, 1, { kty, n, e, kid: 'key-1' });
  context = createContext({});
  await expectRejected(await provider.sign(claims(), {}, pair.privateKey), 'kid');
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
  context = createContext({ idTokenSignedResponseAlg: alg });
  await validateIdToken(context, token, expected);
  const other = `${encode({ alg, kid: 'a' })}.${encode(claims({ sub: 'x' }))}.${token.split('.')[2]}`;
  await expectRejected(other, 'signature');
});
