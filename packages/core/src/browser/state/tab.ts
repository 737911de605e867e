import { createRandomToken } from '../../internal/encoding.ts';

/** Milliseconds in which the page that was before a reload lets go of its name. */
const handOver = 500;

/**
 * True when this tab is a copy of one that is still open: the browser has cloned its `sessionStorage`, refresh token
 * included, and two holders of a rotating refresh token end the login of both. Every tab keeps a name in its storage
 * and holds a lock of that name for as long as it lives; whoever finds the lock held is the copy, and takes a new name.
 */
export async function isDuplicatedTab(key: string): Promise<boolean> {
  const manager = navigator.locks;
  const known = sessionStorage.getItem(key);
  if (!manager || (known && (await hold(manager, key + known)))) return false;
  const name = createRandomToken();
  sessionStorage.setItem(key, name);
  await hold(manager, key + name);
  return known !== null;
}

/** Holds a lock until the page goes. @returns false when somebody else holds it */
function hold(manager: LockManager, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    manager
      .request(name, { signal: AbortSignal.timeout(handOver) }, () => {
        resolve(true);
        return new Promise<never>(() => {});
      })
      .catch(() => resolve(false));
  });
}
