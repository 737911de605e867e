// @platforms node: `./node` uses undici and TLS.
import { CompactEncrypt, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, ValidationError } from '../errors.ts';
import { createDecrypt } from './decrypt.ts';

const encrypt = (text: string, key: Awaited<ReturnType<typeof generateKeyPair>>['publicKey'], alg: string) =>
  new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg, enc: 'A256GCM' }).encrypt(key);

/** Encrypts a text with `dir` and `A256GCM` under any text of a header (RFC 7516 section 5.1). */
async function encryptDirectly(headerText: string, key: CryptoKey): Promise<string> {
  const toText = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url');
  const header = toText(headerText);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const parameters = { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(header) };
  const result = new Uint8Array(
    await crypto.subtle.encrypt(parameters, key, new TextEncoder().encode('text')),
  );
  return [header, '', toText(iv), toText(result.slice(0, -16)), toText(result.slice(-16))].join('.');
}

describe('createDecrypt', () => {
  test('decrypts a token for the key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256');
    const decrypt = createDecrypt(privateKey);
    expect(await decrypt(await encrypt('inner.jwt', publicKey, 'RSA-OAEP-256'))).toBe('inner.jwt');
  });

  test('rejects a token for another key and an algorithm that is not registered', async () => {
    const keyPair = await generateKeyPair('RSA-OAEP-256');
    const otherKeyPair = await generateKeyPair('RSA-OAEP-256');
    const jweForOther = await encrypt('x', otherKeyPair.publicKey, 'RSA-OAEP-256');
    await expect(createDecrypt(keyPair.privateKey)(jweForOther)).rejects.toBeInstanceOf(ValidationError);
    const unregisteredKeyPair = await generateKeyPair('RSA-OAEP');
    const jwe = await encrypt('x', unregisteredKeyPair.publicKey, 'RSA-OAEP');
    await expect(createDecrypt(unregisteredKeyPair.privateKey)(jwe)).rejects.toMatchObject({
      check: 'decryption',
    });
    expect(
      await createDecrypt(unregisteredKeyPair.privateKey, { keyManagementAlgorithms: ['RSA-OAEP'] })(jwe),
    ).toBe('x');
  });

  test('A2: rejects PBES2 with a large iteration count without deriving the key', async () => {
    const { privateKey } = await generateKeyPair('RSA-OAEP-256');
    const header = Buffer.from(
      JSON.stringify({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 2_000_000_000, p2s: 'AAAA' }),
    ).toString('base64url');
    const decrypt = createDecrypt(privateKey);
    await expect(decrypt(`${header}.AAAA.AAAA.AAAA.AAAA`)).rejects.toBeInstanceOf(ValidationError);
  });

  test('C9: rejects a header that repeats a member', async () => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, [
      'encrypt',
      'decrypt',
    ]);
    const decrypt = createDecrypt(key, { keyManagementAlgorithms: ['dir'] });
    expect(await decrypt(await encryptDirectly('{"alg":"dir","enc":"A256GCM"}', key))).toBe('text');
    const jwe = await encryptDirectly('{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}', key);
    await expect(decrypt(jwe)).rejects.toMatchObject({ check: 'decryption' });
  });

  test('rejects content that is not UTF-8', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256');
    const jwe = await new CompactEncrypt(new Uint8Array([0x61, 0xff]))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(publicKey);
    await expect(createDecrypt(privateKey)(jwe)).rejects.toMatchObject({ check: 'decryption' });
  });

  test('rejects a missing key', () => {
    expect(() => createDecrypt(undefined as never)).toThrow(ConfigurationError);
  });
});
