import { describe, expect, test } from 'vitest';
import { createSealer } from '../../src/session/cookies/cookie-encryption.ts';
import { decryptSuccessor, encryptSuccessor } from '../../src/tokens/stores/successor-store.ts';
import type { TokenSet } from '../../src/tokens/token-set.ts';

describe('C9: limits the depth of stored data', () => {
  const nest = (depth: number): object => {
    let value: object = {};
    for (let level = 0; level < depth; level++) value = [value];
    return value;
  };
  const sealer = createSealer(['x'.repeat(43)], 'session');
  const times = { issuedAt: 0, expiresAt: 1e10 };

  test('rejects session data beyond the depth that decryption accepts', async () => {
    const sealed = await sealer.encrypt({ data: nest(120) }, times);
    await expect(sealer.decrypt(sealed, 0)).resolves.toMatchObject({ data: nest(120) });
    await expect(sealer.encrypt({ data: nest(200) }, times)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });

  test('ignores a successor that is nested too deeply', async () => {
    const createSuccessor = (depth: number) => ({ tokens: { claims: nest(depth) } as unknown as TokenSet });
    const decrypt = async (depth: number) =>
      decryptSuccessor('r', await encryptSuccessor('r', createSuccessor(depth)));
    await expect(decrypt(50)).resolves.toEqual(createSuccessor(50));
    await expect(decrypt(200)).resolves.toBeUndefined();
  });
});
