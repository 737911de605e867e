import { runTransaction, toPromise } from '../state/indexed-db.ts';

/** Loads the key pair of a name from IndexedDB, or stores a new one. Concurrent tabs get the same pair. */
export async function loadKeyPair(
  name: string,
  generate: () => Promise<CryptoKeyPair>,
): Promise<CryptoKeyPair> {
  const find = (store: IDBObjectStore) => toPromise<CryptoKeyPair | undefined>(store.get(name));
  const storedPair = await runTransaction('keys', 'readonly', find);
  if (storedPair) return storedPair;
  const newPair = await generate();
  // One transaction for read and write: another tab cannot write in between.
  return runTransaction('keys', 'readwrite', async (store) => {
    const otherPair = await find(store);
    if (!otherPair) await toPromise(store.put(newPair, name));
    return otherPair ?? newPair;
  });
}
