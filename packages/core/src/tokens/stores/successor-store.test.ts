import { describe, expect, test } from 'vitest';
import {
  createMemorySuccessorStore,
  createRefreshTokenKey,
  decryptSuccessor,
  encryptSuccessor,
} from './successor-store.ts';

const successor = {
  tokens: { accessTokens: [], refreshToken: 'the next one', scopes: ['openid'], updatedAt: 1 },
  sealedSession: 'cookie',
};

describe('an encrypted successor', () => {
  test('is decrypted only with the previous refresh token', async () => {
    const sealed = await encryptSuccessor('the old one', successor);
    expect(await decryptSuccessor('the old one', sealed)).toEqual(successor);
    expect(await decryptSuccessor('another one', sealed)).toBeUndefined();
    expect(sealed).not.toContain('next');
    expect(await encryptSuccessor('the old one', successor)).not.toBe(sealed);
  });

  test.each(['', '.', 'x', 'AAAA.AAAA', '\u0000.\u0000', `${'A'.repeat(16)}.${'B'.repeat(10_000)}`])(
    'a malformed value is undefined: %j',
    async (text) => expect(await decryptSuccessor('the old one', text)).toBeUndefined(),
  );

  test('a modified value is undefined', async () => {
    const sealed = await encryptSuccessor('the old one', successor);
    for (const at of [0, 10, 20, 40])
      expect(
        await decryptSuccessor(
          'the old one',
          sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1),
        ),
      ).toBeUndefined();
  });
});

test('the key of a refresh token is a hash that differs by provider and client', async () => {
  const one = await createRefreshTokenKey('token', { issuer: 'a', clientId: 'b' });
  expect(one).toMatch(/^[\w-]{43}$/);
  expect(await createRefreshTokenKey('token', { issuer: 'a', clientId: 'b' })).toBe(one);
  expect(await createRefreshTokenKey('token', { issuer: 'a', clientId: 'c' })).not.toBe(one);
  expect(await createRefreshTokenKey('token', { issuer: 'ab', clientId: '' })).not.toBe(one);
});

test('the memory store is limited in size and deletes expired entries', async () => {
  let time = 0;
  const store = createMemorySuccessorStore(() => time);
  for (let i = 0; i < 10_001; i++) await store.set(`k${i}`, 'v', 1_000);
  expect(await store.get('k0')).toBeUndefined();
  expect(await store.get('k10000')).toBe('v');
  time = 1_000;
  expect(await store.get('k10000')).toBeUndefined();
});
