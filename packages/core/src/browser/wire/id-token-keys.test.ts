import { expect, test } from 'vitest';
import { json } from '../../../tests/support/browser/browser-provider.ts';
import {
  advanceTime,
  claims,
  context,
  expected,
  expectRejected,
  provider,
  replaceContext,
} from '../../../tests/support/browser/id-tokens.ts';
import type { AuthEvent } from '../../events.ts';
import { validateIdToken } from './verify-id-token.ts';

test('A4: fetches keys once in ten seconds for unknown kids, and uses a rotated key', async () => {
  await validateIdToken(context, await provider.sign(claims()), expected);
  for (let times = 0; times < 20; times++) {
    await expectRejected(await provider.sign(claims(), { kid: `forged-${times}` }), 'kid');
  }
  expect(provider.count('/jwks')).toBe(2);
  await provider.rotateKeys();
  advanceTime(11_000);
  await validateIdToken(context, await provider.sign(claims()), expected);
  expect(provider.count('/jwks')).toBe(3);
});

test('reports the reason of a key fetch in an event', async () => {
  const reasons: string[] = [];
  const onEvent = (event: AuthEvent) => {
    if (event.type === 'keys.fetched') reasons.push(event.reason);
  };
  replaceContext({ onEvent });
  await validateIdToken(context, await provider.sign(claims()), expected);
  advanceTime(301_000);
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
  replaceContext({
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
    replaceContext();
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
  replaceContext();
  await expectRejected(await provider.sign(claims(), {}, pair.privateKey), 'kid');
});
