const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The key pair of that name in IndexedDB, or a new one; tabs that come at once end up with the same. */
export async function keyPairOf(
  name: string,
  generate: () => Promise<CryptoKeyPair>,
): Promise<CryptoKeyPair> {
  const opening = indexedDB.open('countersign', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  const database = await settled(opening);
  try {
    const known = await settled<CryptoKeyPair | undefined>(
      database.transaction('keys').objectStore('keys').get(name),
    );
    if (known) return known;
    const fresh = await generate();
    const store = database.transaction('keys', 'readwrite').objectStore('keys');
    // One transaction for both, so that nobody comes between.
    const other = await settled<CryptoKeyPair | undefined>(store.get(name));
    if (!other) await settled(store.put(fresh, name));
    return other ?? fresh;
  } finally {
    database.close();
  }
}
