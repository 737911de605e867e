import { TransportError } from '../../errors.ts';
import type { AuthEvent } from '../../events.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { createMemoryLock, type RefreshLock } from './refresh-lock.ts';
import { callStore, storeTimeout } from './store-call.ts';

/** A lock that is renewed until it is released, for the time of the slowest refresh at most. */
export interface HeldLock {
  /** Renews the lock for a further time, in milliseconds. */
  extend(time: number): void;
  /**
   * Releases the lock in this process immediately, and then in the shared store. Never rejects. Do not wait for it before
   * a token is returned.
   */
  release(): Promise<void>;
}

/** Milliseconds of time to live of a renewable lock: the time for which a crashed owner blocks others. */
const renewableTimeToLive = 10_000;
/** Milliseconds for the reads and writes of stores before and after an exchange with the provider. */
const storeTime = 60_000;

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

  return async (key, { isSharedLockRequired } = { isSharedLockRequired: false }) => {
    const owner = createRandomToken();
    const waitUntil = performance.now() + wait;
    let renewUntil = waitUntil + slowestExchange + storeTime;
    let isReleased = false;
    if (!(await localLock.acquire(key, { owner, timeToLive: renewableTimeToLive, wait }))) return undefined;
    const timer = setInterval(() => {
      if (performance.now() > renewUntil) return clearInterval(timer);
      // If the store is unavailable, the next interval tries again.
      for (const lock of [localLock, sharedLock])
        lock?.renew?.(key, { owner, timeToLive: renewableTimeToLive }).catch(() => {});
    }, renewableTimeToLive / 3);
    (timer as { unref?: () => void }).unref?.();

    // If the store is unavailable, the lock frees itself after its time to live.
    const releaseSharedLock = () => callStore(async () => sharedLock?.release(key, owner)).catch(() => {});
    async function acquireSharedLock(): Promise<boolean> {
      if (!sharedLock) return true;
      const timeToLive = sharedLock.renew ? renewableTimeToLive : slowestExchange;
      const sharedWait = Math.max(waitUntil - performance.now(), 0);
      const acquisition = sharedLock.acquire(key, { owner, timeToLive, wait: sharedWait });
      // The caller no longer waits for a lock that the store acquires late.
      const releaseLateLock = () => (isReleased ? releaseSharedLock() : undefined);
      acquisition.then(releaseLateLock, () => {});
      return callStore(() => acquisition, sharedWait + storeTimeout);
    }

    const heldLock: HeldLock = {
      extend(time) {
        renewUntil = performance.now() + time;
      },
      async release() {
        isReleased = true;
        clearInterval(timer);
        await Promise.all([localLock.release(key, owner), releaseSharedLock()]);
      },
    };
    try {
      if (await acquireSharedLock()) return heldLock;
    } catch {
      emitEvent({ type: 'store.unavailable', port: 'lock' });
      if (!isSharedLockRequired) return heldLock;
      // The store may have acquired the lock, although its response was lost.
      void heldLock.release();
      throw new TransportError(
        'store_unavailable',
        'The refresh lock is unavailable, and other processes may refresh the same session. Try again.',
      );
    }
    void heldLock.release();
    return undefined;
  };
}
