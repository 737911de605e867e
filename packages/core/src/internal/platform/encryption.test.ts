// @platforms node: it compares the Node and the web implementation.
import { expect, test } from 'vitest';
import * as node from './encryption-node.ts';
import * as web from './encryption-web.ts';

const secret = new TextEncoder().encode('a secret of the tests');

test('derives the same bytes on each platform, and decrypts the output of the other', async () => {
  const raw = node.deriveBytes(secret, 'purpose', 32);
  expect(await web.deriveBytes(secret, 'purpose', 32)).toEqual(raw);
  const keys = { node: node.importAesKey(raw), web: await web.importAesKey(raw) };
  const text = 'caf\u00e9 \ud83d\udd11';
  const [iv = '', ciphertext = '', tag = ''] = node.encryptParts(keys.node, 'header', text).split('.');
  expect(await web.decryptParts(keys.web, 'header', { iv, ciphertext, tag })).toBe(text);
  const [iv2 = '', ciphertext2 = '', tag2 = ''] = (await web.encryptParts(keys.web, 'header', text)).split(
    '.',
  );
  const parts = { iv: iv2, ciphertext: ciphertext2, tag: tag2 };
  expect(node.decryptParts(keys.node, 'header', parts)).toBe(text);
  expect(() => node.decryptParts(keys.node, 'another header', parts)).toThrow();
  await expect(web.decryptParts(keys.web, 'another header', parts)).rejects.toThrow();
});

test('uses each initialization vector once', () => {
  const key = node.importAesKey(node.deriveBytes(secret, 'purpose', 32));
  const vectors = new Set(Array.from({ length: 2_000 }, () => node.encryptParts(key, '', '').split('.')[0]));
  expect(vectors.size).toBe(2_000);
});
