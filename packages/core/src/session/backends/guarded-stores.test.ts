import { expect, test } from 'vitest';
import { guardReplayStore } from './guarded-stores.ts';

test('S63: release() fails if the replay store has no such function, because the key stays used', async () => {
  const store = guardReplayStore({ claim: async () => true, has: async () => true });
  await expect(store.release?.('key')).rejects.toMatchObject({
    name: 'TransportError',
    code: 'store_unavailable',
    message: 'The replay store cannot release a key.',
  });
});
