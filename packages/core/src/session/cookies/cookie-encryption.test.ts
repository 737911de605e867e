import { CompactEncrypt, compactDecrypt } from 'jose';
import { expect, test } from 'vitest';
import { createSealer } from './cookie-encryption.ts';

const secret = 'a secret for tests with more than 32 characters';
const times = { issuedAt: 1_000, expiresAt: 2_000 };
/** Derives the key independently of the tested code (RFC 5869). */
async function deriveSessionKey(): Promise<Uint8Array> {
  const text = (value: string) => new TextEncoder().encode(value);
  const key = await crypto.subtle.importKey('raw', text(secret), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: text(''), info: text('countersign session') };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}
const payload = { user: 'zo\u00eb', list: [1, 2] };
const decrypted = { ...payload, exp: times.expiresAt };

test('S3: decrypts a value until its encrypted expiry', async () => {
  const sealer = createSealer([secret], 'session');
  const value = await sealer.encrypt(payload, times);
  expect(await sealer.decrypt(value, 1_999)).toEqual(decrypted);
  expect(await sealer.decrypt(value, 2_000)).toBeUndefined();
});

test('S12: rejects a value that was encrypted for another purpose', async () => {
  const purposes = ['session', 'stored-session', 'login', 'login-state', 'marker'] as const;
  for (const purpose of purposes) {
    const value = await createSealer([secret], purpose).encrypt(payload, times);
    for (const otherPurpose of purposes) {
      const found = await createSealer([secret], otherPurpose).decrypt(value, 1_500);
      expect(found, `${purpose} as ${otherPurpose}`).toEqual(
        purpose === otherPurpose ? decrypted : undefined,
      );
    }
  }
});

test('S12: authenticates the purpose in the header', async () => {
  const value = await createSealer([secret], 'login').encrypt(payload, times);
  const session = createSealer([secret], 'session');
  const [header = ''] = (await session.encrypt(payload, times)).split('.');
  expect(await session.decrypt([header, ...value.split('.').slice(1)].join('.'), 1_500)).toBeUndefined();
});

test('encrypts with the first secret and decrypts with all', async () => {
  const old = createSealer(['the previous secret, with more than 32 characters'], 'session');
  const both = createSealer([secret, 'the previous secret, with more than 32 characters'], 'session');
  const value = await old.encrypt(payload, times);
  expect(await both.decrypt(value, 1_500)).toEqual(decrypted);
  expect(await old.decrypt(await both.encrypt(payload, times), 1_500)).toBeUndefined();
  expect(await createSealer([secret], 'session').decrypt(value, 1_500)).toBeUndefined();
});

test('S11: rejects any changed character without an exception', { timeout: 60_000 }, async () => {
  const sealer = createSealer([secret], 'session');
  const value = await sealer.encrypt(payload, times);
  for (let at = 0; at < value.length - 1; at++) {
    const other = value[at] === 'A' ? 'Q' : 'A';
    const decrypted = await sealer.decrypt(value.slice(0, at) + other + value.slice(at + 1), 1_500);
    // The last character of a part may contain bits that decoders ignore.
    if (decrypted !== undefined) expect(value[at + 1]).toBe('.');
  }
  for (const text of [
    '',
    '.',
    '....',
    `${value}.`,
    `${value}.x`,
    value.slice(0, -1),
    'x'.repeat(5_000),
    '%',
  ]) {
    expect(await sealer.decrypt(text, 1_500)).toBeUndefined();
  }
});

test('S11: rejects characters that are not base64url, even if a decoder ignores them', async () => {
  const sealer = createSealer([secret], 'session');
  const [header, , iv, ciphertext = '', tag] = (await sealer.encrypt(payload, times)).split('.');
  const start = ciphertext.slice(0, 5);
  for (const added of [' ', '=', '\n', '!', '%']) {
    const value = [header, '', iv, start + added + ciphertext.slice(5), tag].join('.');
    expect(await sealer.decrypt(value, 1_500), added).toBeUndefined();
  }
});

test('is compatible with compact JWE of jose in both directions', async () => {
  const sealer = createSealer([secret], 'session');
  const value = await sealer.encrypt(payload, times);
  const key = await deriveSessionKey();
  const { plaintext, protectedHeader } = await compactDecrypt(value, key);
  expect(protectedHeader).toMatchObject({ alg: 'dir', enc: 'A256GCM', purpose: 'session' });
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({ ...payload, iat: 1_000, exp: 2_000 });
  const valueOfJose = await new CompactEncrypt(plaintext).setProtectedHeader(protectedHeader).encrypt(key);
  expect(await sealer.decrypt(valueOfJose, 1_500)).toEqual(decrypted);
});

test('rejects a header with another algorithm or without purpose, even if the key matches', async () => {
  const sealer = createSealer([secret], 'session');
  const key = await deriveSessionKey();
  const plaintext = new TextEncoder().encode(JSON.stringify({ iat: 1_000, exp: 2_000 }));
  const forged = await new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', zip: undefined as never })
    .encrypt(key);
  expect(await sealer.decrypt(forged, 1_500)).toBeUndefined();
});

test('S12: rejects an authentication tag of another length', async () => {
  const sealer = createSealer([secret], 'session');
  const [header, , iv, ciphertext = '', tag = ''] = (await sealer.encrypt(payload, times)).split('.');
  const end = ciphertext.length - (ciphertext.length % 4) - 4;
  for (const [text, otherTag] of [
    [ciphertext, tag.slice(0, 16)],
    [ciphertext.slice(0, end), ciphertext.slice(end) + tag],
  ]) {
    expect(await sealer.decrypt([header, '', iv, text, otherTag].join('.'), 1_500)).toBeUndefined();
  }
});

test('S11: rejects a valid payload that repeats a member or nests too deeply', async () => {
  const sealer = createSealer([secret], 'session');
  const key = await deriveSessionKey();
  const { protectedHeader } = await compactDecrypt(await sealer.encrypt(payload, times), key);
  const decryptText = async (text: string) => {
    const jwe = new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(protectedHeader);
    return sealer.decrypt(await jwe.encrypt(key), 1_500);
  };
  expect(await decryptText('{"a":1,"iat":1000,"exp":2000}')).toEqual({ a: 1, exp: 2_000 });
  expect(await decryptText('{"a":1,"a":2,"iat":1000,"exp":2000}')).toBeUndefined();
  const nested = '['.repeat(200) + ']'.repeat(200);
  expect(await decryptText(`{"a":${nested},"iat":1000,"exp":2000}`)).toBeUndefined();
});

test('rejects a missing or short secret', () => {
  expect(() => createSealer([], 'session')).toThrow(/"secret" is missing/);
  expect(() => createSealer(['too short'], 'session')).toThrow(/at least 32 random characters/);
});

test('encrypts equal texts to different values', async () => {
  const sealer = createSealer([secret], 'session');
  const [a = [], b = []] = (
    await Promise.all([sealer.encrypt(payload, times), sealer.encrypt(payload, times)])
  ).map((value) => value.split('.'));
  expect(a[2]).not.toBe(b[2]);
  expect(a[3]).not.toBe(b[3]);
});
