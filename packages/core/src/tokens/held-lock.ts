import type { AuthEvent } from '../events.ts';
import { createRandomToken } from '../internal/encoding.ts';
import { createMemoryLock, type RefreshLock } from './refresh-lock.ts';

/** A lock that is held, and renewed until it is given back. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Milliseconds that a renewable lock lives without renewal: what a crashed holder costs the others. */
const renewableLife = 10_000;

/** Takes locks: the shared one, or, if its store is away, the one of this process. `undefined`: not within the wait. */
export function createLockKeeper(options: {
  readonly lock: RefreshLock | undefined;
  /** Milliseconds to wait at most. */
  readonly wait: number;
  /** Milliseconds for one exchange with the provider. */
  readonly timeout: number;
  readonly tell: (event: AuthEvent) => void;
}): (key: string) => Promise<HeldLock | undefined> {
  const { lock: shared, wait, timeout, tell } = options;
  const local = createMemoryLock();
  // Discovery, the token request, a repetition for a DPoP nonce, keys and rotated keys: a lock that ran out before the
  // last of them would let somebody else spend the same refresh token.
  const slowest = timeout * 5 + 10_000;

  return async (key) => {
    const owner = createRandomToken();
    const attempt = (lock: RefreshLock) =>
      lock.acquire(key, { owner, timeToLive: lock.renew ? renewableLife : slowest, wait });
    const acquired = await (async () => {
      try {
        if (shared) return await attempt(shared);
      } catch {
        tell({ type: 'store.unavailable', port: 'lock' });
      }
      // Requests of this process still take turns.
      return attempt(local);
    })();
    if (!acquired) return undefined;
    const timer = setInterval(() => {
      // A store that is away is asked again at the next turn.
      for (const lock of [local, shared])
        lock?.renew?.(key, { owner, timeToLive: renewableLife }).catch(() => {});
    }, renewableLife / 3);
    (timer as { unref?: () => void }).unref?.();
    return {
      async release() {
        clearInterval(timer);
        await local.release(key, owner);
        // A lock that cannot be given back frees itself.
        await shared?.release(key, owner).catch(() => {});
      },
    };
  };
}
