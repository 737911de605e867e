import { limitTime } from '../../internal/limit-time.ts';

/** The object stores of the database. */
const stores = ['keys', 'tokens'] as const;

/** Milliseconds. Some browsers never respond, for example after they were restored from the background. */
const openTimeout = 5_000;
const transactionTimeout = 10_000;

const createTimeoutError = () => new DOMException('The database does not respond.', 'TimeoutError');

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
  const database = await openDatabase();
  try {
    const transaction = database.transaction(name, mode);
    const completion = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const results = Promise.all([run(transaction.objectStore(name)), completion]);
    const [result] = await limitTime(results, transactionTimeout, createTimeoutError).catch((error) => {
      // Otherwise the write could still happen after the caller received an error.
      if (isAborted(transaction)) throw error;
      return results;
    });
    return result;
  } finally {
    database.close();
  }
}

/** @returns false if the transaction has already finished, and only its event is late */
function isAborted(transaction: IDBTransaction): boolean {
  try {
    transaction.abort();
    return true;
  } catch {
    return false;
  }
}

async function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open('countersign', 2);
  request.onupgradeneeded = () => {
    const { result: database } = request;
    for (const storeName of stores) {
      if (!database.objectStoreNames.contains(storeName)) database.createObjectStore(storeName);
    }
  };
  const databasePromise = toPromise(request);
  try {
    return await limitTime(databasePromise, openTimeout, createTimeoutError);
  } catch (error) {
    // A database that opens too late must not block a later version.
    databasePromise.then((database) => database.close()).catch(() => {});
    throw error;
  }
}

/** Errors of a page that has no database: blocked cookies, a private window, a sandboxed frame, or no response. */
const missingErrors = ['SecurityError', 'InvalidStateError', 'NotSupportedError', 'TimeoutError'];

/** Checks whether an operation failed because the page has no database. Other errors may be temporary. */
export function isMissingError(error: unknown): boolean {
  // The access itself can throw.
  try {
    if (typeof indexedDB === 'undefined' || indexedDB === null) return true;
  } catch {
    return true;
  }
  return missingErrors.includes((error as Error | null)?.name ?? '');
}

/** Checks whether the page has no database. */
export async function isDatabaseMissing(): Promise<boolean> {
  try {
    (await openDatabase()).close();
    return false;
  } catch (error) {
    return isMissingError(error);
  }
}
