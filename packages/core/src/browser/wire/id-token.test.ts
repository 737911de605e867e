import { beforeEach, expect, test } from 'vitest';
import { createTestProvider, json, type TestProvider } from '../../../tests/support/browser-provider.ts';
import type { AuthEvent } from '../../events.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { type BrowserContext, resolveOptions } from '../options.ts';
import { type IdTokenExpectations, requireSameLogin, validateIdToken } from './id-token.ts';

let time = Date.UTC(2026, 0, 1);
const seconds = () => Math.floor(time / 1000);
let provider: TestProvider;
let context: BrowserContext;

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  provider = await createTestProvider(() => time);
  context = contextWith({});
});

function contextWith(options: object): BrowserContext {
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

const expected: IdTokenExpectations = { accessToken: 'access', code: 'code', nonce: 'n' };

async function refused(token: string, check: string, expectations = expected): Promise<void> {
  await expect(validateIdToken(context, token, expectations)).rejects.toMatchObject({
    code: 'id_token_invalid',
    check,
  });
}

const encode = (value: object) => toBase64Url(encodeUtf8(JSON.stringify(value)));

test('a good token is accepted', async () => {
  expect(await validateIdToken(context, await provider.sign(claims()), expected)).toEqual(claims());
});

test('C2: a changed payload, signature or key is refused', async () => {
  const [header, , signature] = (await provider.sign(claims())).split('.');
  await refused(`${header}.${encode(claims({ sub: 'admin' }))}.${signature}`, 'signature');
  await refused(`${header}.${encode(claims())}.`, 'signature');
  await validateIdToken(context, await provider.sign(claims()), expected);
  await provider.rotateKeys();
  await refused(await provider.sign(claims(), { kid: 'key-1' }), 'signature');
});

test('A1: alg none, HMAC and every algorithm but the registered one are refused', async () => {
  const payload = encode(claims());
  await refused(`${encode({ alg: 'none' })}.${payload}.`, 'alg');
  const secret = await crypto.subtle.importKey(
    'raw',
    encodeUtf8(JSON.stringify(provider.keys[0])),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const text = `${encode({ alg: 'HS256', kid: 'key-1' })}.${payload}`;
  await refused(
    `${text}.${toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', secret, encodeUtf8(text))))}`,
    'alg',
  );
  await refused(await provider.sign(claims(), { alg: 'PS256' }), 'alg');
  for (const alg of ['HS256', 'none', 'RS1', 'ES']) {
    const registered = contextWith({ idTokenSignedResponseAlg: alg });
    const token = `${encode({ alg, kid: 'key-1' })}.${payload}.AA`;
    await expect(validateIdToken(registered, token, expected)).rejects.toMatchObject({
      code: 'invalid_option',
    });
  }
});

test('A2: a key in the header is not used, and an unknown crit is refused', async () => {
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
  await refused(await provider.sign(claims(), { jwk }, pair.privateKey), 'signature');
  await refused(await provider.sign(claims(), { crit: ['b64'], b64: false }), 'crit');
});

test('A8: a token of another kind is refused', async () => {
  await refused(await provider.sign(claims(), { typ: 'at+jwt' }), 'typ');
  await refused(await provider.sign(claims(), { typ: 'logout+jwt' }), 'typ');
  await refused(await provider.sign(claims(), { typ: ['JWT'] }), 'typ');
  await refused(await provider.sign(claims(), { typ: { toString: {} } }), 'typ');
  await validateIdToken(context, await provider.sign(claims(), { typ: 'JWT' }), expected);
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
])('a wrong %s is refused: %j', async (check, changes) => {
  await refused(await provider.sign(claims(changes)), check);
});

test.each([
  ['iss', { iss: 'https://evil.example' }],
  ['sub', { sub: 'user-2' }],
  ['aud', { aud: ['spa', 'other'] }],
  ['auth_time', { auth_time: 2 }],
  ['azp', { azp: 'other' }],
  ['nonce', { nonce: 'other' }],
])('C1: a refreshed token with another %s is of another login', (check, change) => {
  const kept = { ...claims(), auth_time: 1, azp: 'spa' };
  requireSameLogin({ ...kept, aud: ['spa'], exp: kept.exp + 60 }, kept);
  expect(() => requireSameLogin({ ...kept, ...change }, kept)).toThrow(
    expect.objectContaining({ code: 'id_token_invalid', check }),
  );
});

test('times are checked with the tolerance of clocks, and no further', async () => {
  const at = async (changes: object) => provider.sign(claims(changes));
  await validateIdToken(context, await at({ exp: seconds() - 29 }), expected);
  await refused(await at({ exp: seconds() - 31 }), 'exp');
  await validateIdToken(context, await at({ iat: seconds() + 29 }), expected);
  await refused(await at({ iat: seconds() + 31 }), 'iat');
  await refused(await at({ iat: seconds() - 3631 }), 'iat');
  await refused(await at({ nbf: seconds() + 31 }), 'nbf');
});

test('S22: auth_time is checked whenever max_age was asked, and acr when it was', async () => {
  const withAge = { ...expected, maxAge: 60 };
  await refused(await provider.sign(claims()), 'auth_time', withAge);
  await refused(await provider.sign(claims({ auth_time: seconds() - 91 })), 'auth_time', withAge);
  await validateIdToken(context, await provider.sign(claims({ auth_time: seconds() - 89 })), withAge);
  const withAcr = { ...expected, acrValues: ['high'] };
  await refused(await provider.sign(claims({ acr: 'low' })), 'acr', withAcr);
  await refused(await provider.sign(claims({ acr: ['high'] })), 'acr', withAcr);
  await refused(await provider.sign(claims({ acr: { toString: {} } })), 'acr', withAcr);
  await refused(await provider.sign(claims()), 'acr', withAcr);
  await validateIdToken(context, await provider.sign(claims({ acr: 'high' })), withAcr);
});

test('what is not a compact JWS of JSON objects is refused', async () => {
  const good = await provider.sign(claims());
  const [header, payload, signature] = good.split('.');
  await refused('', 'format');
  await refused(`${good}.x`, 'format');
  await refused(`!${good}`, 'format');
  await refused(`${toBase64Url(encodeUtf8('null'))}.${payload}.${signature}`, 'format');
  await refused(await provider.sign(null as never), 'format');
  await refused(`${header}.${toBase64Url(encodeUtf8('[]'))}.${signature}`, 'signature');
  await refused(
    `${toBase64Url(encodeUtf8('{"alg":"RS256","alg":"none"}'))}.${payload}.${signature}`,
    'format',
  );
});

test('A4: forged key identifiers make one fetch in ten seconds, and a rotated key is found', async () => {
  await validateIdToken(context, await provider.sign(claims()), expected);
  for (let times = 0; times < 20; times++) {
    await refused(await provider.sign(claims(), { kid: `forged-${times}` }), 'kid');
  }
  expect(provider.count('/jwks')).toBe(2);
  await provider.rotateKeys();
  time += 11_000;
  await validateIdToken(context, await provider.sign(claims()), expected);
  expect(provider.count('/jwks')).toBe(3);
});

test('an event says why the keys were fetched', async () => {
  const reasons: string[] = [];
  const onEvent = (event: AuthEvent) => {
    if (event.type === 'keys.fetched') reasons.push(event.reason);
  };
  context = contextWith({ onEvent });
  await validateIdToken(context, await provider.sign(claims()), expected);
  time += 301_000;
  await validateIdToken(context, await provider.sign(claims()), expected);
  await refused(await provider.sign(claims(), { kid: 'unknown' }), 'kid');
  expect(reasons).toEqual(['first', 'stale', 'unknown_kid']);
});

test('two keys that fit are as bad as none', async () => {
  const token = await provider.sign(claims());
  provider.keys.push({ ...provider.keys[0] });
  await refused(token, 'kid');
});

test('an answer that is no key set is refused', async () => {
  const token = await provider.sign(claims());
  context = contextWith({
    fetch: (url: string, init: RequestInit) =>
      url.endsWith('/jwks') ? Promise.resolve(json({ keys: 'none' })) : provider.fetch(url, init),
  });
  await expect(validateIdToken(context, token, expected)).rejects.toMatchObject({
    code: 'keys_invalid',
    check: 'jwks',
  });
});

test('a key for encryption, for another algorithm or too short is not used', async () => {
  const token = await provider.sign(claims());
  const key = provider.keys[0] as object;
  for (const change of [{ use: 'enc' }, { alg: 'RS512' }, { key_ops: ['encrypt'] }, { kty: 'EC' }]) {
    provider.keys.splice(0, 1, { ...key, ...change });
    context = contextWith({});
    await refused(token, 'kid');
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
  context = contextWith({});
  await refused(await provider.sign(claims(), {}, pair.privateKey), 'kid');
});

test.each([
  ['ES256', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }],
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
])('a token signed with %s is accepted where it is registered', async (alg, algorithm) => {
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, n, e, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  provider.keys.splice(0, 1, JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, kid: 'a' })));
  const text = `${encode({ alg, kid: 'a' })}.${encode(claims())}`;
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, encodeUtf8(text));
  const token = `${text}.${toBase64Url(new Uint8Array(signature))}`;
  context = contextWith({ idTokenSignedResponseAlg: alg });
  await validateIdToken(context, token, expected);
  const other = `${encode({ alg, kid: 'a' })}.${encode(claims({ sub: 'x' }))}.${token.split('.')[2]}`;
  await refused(other, 'signature');
});
