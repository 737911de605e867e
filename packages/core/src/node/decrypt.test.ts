// @platforms node: `./node` uses undici and TLS.
import { CompactEncrypt, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, ValidationError } from '../errors.ts';
import { createDecrypt } from './decrypt.ts';

const encrypt = (text: string, key: Awaited<ReturnType<typeof generateKeyPair>>['publicKey'], alg: string) =>
  new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg, enc: 'A256GCM' }).encrypt(key);

describe('createDecrypt', () => {
  test('opens what was encrypted to the key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256');
    const decrypt = createDecrypt(privateKey);
    expect(await decrypt(await encrypt('inner.jwt', publicKey, 'RSA-OAEP-256'))).toBe('inner.jwt');
  });

  test("another key's text and an algorithm that was not registered are refused", async () => {
    const ours = await generateKeyPair('RSA-OAEP-256');
    const other = await generateKeyPair('RSA-OAEP-256');
    const foreign = await encrypt('x', other.publicKey, 'RSA-OAEP-256');
    await expect(createDecrypt(ours.privateKey)(foreign)).rejects.toBeInstanceOf(ValidationError);
    const old = await generateKeyPair('RSA-OAEP');
    const jwe = await encrypt('x', old.publicKey, 'RSA-OAEP');
    await expect(createDecrypt(old.privateKey)(jwe)).rejects.toMatchObject({ check: 'decryption' });
    expect(await createDecrypt(old.privateKey, { keyManagementAlgorithms: ['RSA-OAEP'] })(jwe)).toBe('x');
  });

  test('A2: a PBES2 text with a huge iteration count is refused without the work', async () => {
    const { privateKey } = await generateKeyPair('RSA-OAEP-256');
    const header = Buffer.from(
      JSON.stringify({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 2_000_000_000, p2s: 'AAAA' }),
    ).toString('base64url');
    const decrypt = createDecrypt(privateKey);
    await expect(decrypt(`${header}.AAAA.AAAA.AAAA.AAAA`)).rejects.toBeInstanceOf(ValidationError);
  });

  test('a missing key is found at once', () => {
    expect(() => createDecrypt(undefined as never)).toThrow(ConfigurationError);
  });
});
