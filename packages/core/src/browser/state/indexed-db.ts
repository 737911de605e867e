/** The object stores of the database. */
const stores = ['keys', 'tokens'] as const;

/** Waits for the result of one request. */
export const toPromise = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * Runs one transaction. The browser orders the transactions of all tabs, so a later transaction of any tab sees the writes
 * of this one. `localStorage` does not guarantee this.
 */
export async function runTransaction<T>(
  name: (typeof stores)[number],
  mode: IDBTransactionMode,
  run: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const request = indexedDB.open('countersign', 2);
  request.onupgradeneeded = () => {
    const { result: database } = request;
    for (const storeName of stores) {
      if (!database.objectStoreNames.contains(storeName)) database.createObjectStore(storeName);
    }
  };
  const database = await toPromise(request);
  try {
    const transaction = database.transaction(name, mode);
    const completed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([run(transaction.objectStore(name)), completed]);
    return result;
  } finally {
    database.close();
  }
}
