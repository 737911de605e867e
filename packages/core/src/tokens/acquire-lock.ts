import type { AuthEvent } from '../events.ts';
import { createRandomToken } from '../internal/encoding.ts';
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
 * Creates a function that acquires a lock: the shared one, or the one of this process while the store is unavailable.
 *
 * @returns a function that resolves to `undefined` if the lock was not acquired within the wait
 */
export function createLockAcquirer(options: LockOptions): (key: string) => Promise<HeldLock | undefined> {
  const { lock: sharedLock, localLock = createMemoryLock(), wait, timeout, emitEvent } = options;
  // Discovery, token request, repetition for a DPoP nonce, keys and rotated keys. If the lock expired before the last of
  // them, another process would send the same refresh token.
  const slowestExchange = timeout * 5 + 10_000;

  return async (key) => {
    const owner = createRandomToken();
    const acquire = (lock: RefreshLock) =>
      lock.acquire(key, { owner, timeToLive: lock.renew ? renewableTimeToLive : slowestExchange, wait });
    const acquireAny = async () => {
      try {
        if (sharedLock) return await acquire(sharedLock);
      } catch {
        emitEvent({ type: 'store.unavailable', port: 'lock' });
      }
      // Requests of this process still exclude one another.
      return acquire(localLock);
    };
    if (!(await acquireAny())) return undefined;
    const timer = setInterval(() => {
      // If the store is unavailable, the next interval tries again.
      for (const lock of [localLock, sharedLock])
        lock?.renew?.(key, { owner, timeToLive: renewableTimeToLive }).catch(() => {});
    }, renewableTimeToLive / 3);
    (timer as { unref?: () => void }).unref?.();
    return {
      async release() {
        clearInterval(timer);
        await localLock.release(key, owner);
        // If the store is unavailable, the lock frees itself after its time to live.
        await sharedLock?.release(key, owner).catch(() => {});
      },
    };
  };
}
