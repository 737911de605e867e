import { settled, transact } from '../state/indexed-db.ts';

/** The key pair of that name in IndexedDB, or a new one; tabs that come at once end up with the same. */
export async function keyPairOf(
  name: string,
  generate: () => Promise<CryptoKeyPair>,
): Promise<CryptoKeyPair> {
  const find = (store: IDBObjectStore) => settled<CryptoKeyPair | undefined>(store.get(name));
  const known = await transact('keys', 'readonly', find);
  if (known) return known;
  const fresh = await generate();
  // One transaction for both, so that nobody comes between.
  return transact('keys', 'readwrite', async (store) => {
    const other = await find(store);
    if (!other) await settled(store.put(fresh, name));
    return other ?? fresh;
  });
}
