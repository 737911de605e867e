/** What is kept in IndexedDB, a store each. */
const stores = ['keys', 'tokens'] as const;

/** The result of one request. */
export const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * Runs one transaction. When it is over, every tab that begins another sees what was written: the browser puts
 * transactions of all tabs into one order, which it does not do for `localStorage`.
 */
export async function transact<T>(
  name: (typeof stores)[number],
  mode: IDBTransactionMode,
  run: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const opening = indexedDB.open('countersign', 2);
  opening.onupgradeneeded = () => {
    const { result: database } = opening;
    for (const each of stores) {
      if (!database.objectStoreNames.contains(each)) database.createObjectStore(each);
    }
  };
  const database = await settled(opening);
  try {
    const transaction = database.transaction(name, mode);
    const over = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([run(transaction.objectStore(name)), over]);
    return result;
  } finally {
    database.close();
  }
}
