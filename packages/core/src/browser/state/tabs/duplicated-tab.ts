import { createRandomToken } from '../../../internal/encoding.ts';
import { limitTime } from '../../../internal/limit-time.ts';

/** Milliseconds in which the previous page of a reload releases its lock. */
const transferTimeout = 500;

/**
 * Checks whether this tab is a duplicate of a tab that is still open. The browser has then copied its `sessionStorage` with
 * the refresh token, and the use of one rotating refresh token by two tabs would end the login of both. Each tab stores a
 * random name and holds a lock of this name until it closes. A tab that finds its lock held is the duplicate: it stores a
 * new name.
 */
export async function isDuplicatedTab(key: string): Promise<boolean> {
  const manager = findLockManager();
  const storedName = sessionStorage.getItem(key);
  if (!manager || (storedName && (await holdLock(manager, key + storedName)))) return false;
  const name = createRandomToken();
  sessionStorage.setItem(key, name);
  await holdLock(manager, key + name);
  return storedName !== null;
}

function findLockManager(): LockManager | undefined {
  try {
    return navigator.locks;
  } catch {
    return undefined;
  }
}

/**
 * Holds a lock until the page is closed. Without a response of the browser, the tab counts as the only one: otherwise each
 * reload would end its login.
 *
 * @returns false if another tab holds it
 */
async function holdLock(manager: LockManager, name: string): Promise<boolean> {
  const signal = AbortSignal.timeout(transferTimeout);
  const isHeld = new Promise<boolean>((resolve) => {
    manager
      .request(name, { signal }, () => {
        resolve(true);
        return new Promise<never>(() => {});
      })
      .catch(() => resolve(!signal.aborted));
  });
  return limitTime(isHeld, 4 * transferTimeout, () => new Error('timeout')).catch(() => true);
}
