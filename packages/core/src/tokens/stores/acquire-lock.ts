import { TransportError } from '../../errors.ts';
import type { AuthEvent } from '../../events.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { createMemoryLock, type RefreshLock } from './refresh-lock.ts';

/** A lock that is renewed until it is released. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Milliseconds of time to live of a renewable lock: the time for which a crashed owner blocks others. */
const renewableTimeToLive = 10_000;

export interface LockOptions {
  /** Default: within this process. */
  readonly lock: RefreshLock | undefined;
  /** The lock of this process. Default: a separate one. */
  readonly localLock?: RefreshLock;
  /** Milliseconds to wait at most. */
  readonly wait: number;
  /** Milliseconds for one exchange with the provider. */
  readonly timeout: number;
  readonly emitEvent: (event: AuthEvent) => void;
}

/**
 * Creates a function that acquires the lock of this process, and then the shared one. Requests of one process therefore
 * exclude one another even if the shared store fails for one of them.
 *
 * @returns a function that resolves to `undefined` if the lock was not acquired within the wait. If the shared lock is
 *   unavailable, the lock of this process suffices, unless `isSharedLockRequired`.
 * @throws TransportError `store_unavailable` if a required lock is unavailable
 */
export function createLockAcquirer(
  options: LockOptions,
): (key: string, request?: { readonly isSharedLockRequired: boolean }) => Promise<HeldLock | undefined> {
  const { lock, localLock = createMemoryLock(), wait, timeout, emitEvent } = options;
  // A caller that holds the lock of this process cannot acquire it again.
  const sharedLock = lock === localLock ? undefined : lock;
  // Discovery, token request, repetition for a DPoP nonce, keys and rotated keys. If the lock expired before the last of
  // them, another process would send the same refresh token.
  const slowestExchange = timeout * 5 + 10_000;

  async function acquireSharedLock(key: string, owner: string, waitUntil: number): Promise<boolean> {
    if (!sharedLock) return true;
    const timeToLive = sharedLock.renew ? renewableTimeToLive : slowestExchange;
    return sharedLock.acquire(key, { owner, timeToLive, wait: Math.max(waitUntil - performance.now(), 0) });
  }

  return async (key, { isSharedLockRequired } = { isSharedLockRequired: false }) => {
    const owner = createRandomToken();
    const waitUntil = performance.now() + wait;
    if (!(await localLock.acquire(key, { owner, timeToLive: renewableTimeToLive, wait }))) return undefined;
    const timer = setInterval(() => {
      // If the store is unavailable, the next interval tries again.
      for (const lock of [localLock, sharedLock])
        lock?.renew?.(key, { owner, timeToLive: renewableTimeToLive }).catch(() => {});
    }, renewableTimeToLive / 3);
    (timer as { unref?: () => void }).unref?.();
    const release = async () => {
      clearInterval(timer);
      await localLock.release(key, owner);
      // If the store is unavailable, the lock frees itself after its time to live.
      await sharedLock?.release(key, owner).catch(() => {});
    };
    try {
      if (await acquireSharedLock(key, owner, waitUntil)) return { release };
    } catch {
      emitEvent({ type: 'store.unavailable', port: 'lock' });
      if (!isSharedLockRequired) return { release };
      // The store may have acquired the lock, although its response was lost.
      await release();
      throw new TransportError(
        'store_unavailable',
        'The refresh lock is unavailable, and other processes may refresh the same session. Try again.',
      );
    }
    await release();
    return undefined;
  };
}
