import type { RefreshLock, SuccessorStore } from '@countersign/core';
import type { ReplayStore, SessionStore, TombstoneStore } from '@countersign/core/session';
import type { RedisConnection, RedisOptions } from './connection.ts';
import { createRedisRefreshLock } from './refresh-lock.ts';
import { createRedisReplayStore } from './replay-store.ts';
import { createRedisSessionStore } from './session-store.ts';
import { createRedisSuccessorStore } from './successor-store.ts';
import { createRedisTombstoneStore } from './tombstone-store.ts';

/** The stores that the processes of an application share. The names are those of the session options. */
export interface RedisStores {
  /** Sessions. Omit it to store sessions in the cookie. */
  readonly store: SessionStore;
  /** Sessions that were logged out, so that a late write does not restore them. */
  readonly tombstones: TombstoneStore;
  /** One-time values: the `jti` of logout tokens and DPoP proofs. @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1 */
  readonly replay: ReplayStore;
  /** One refresh at a time for each refresh token, and its result for all waiting callers. */
  readonly refresh: { readonly lock: RefreshLock; readonly successors: SuccessorStore };
}

/**
 * Creates all stores on one client. Pass the result to the session options: `createAuth({ ...createRedisStores(redis) })`.
 *
 * @throws ConfigurationError if the client or an option is invalid
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { createRedisStores } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const { store, tombstones, replay, refresh } = createRedisStores(redis);
 * ```
 */
export function createRedisStores(redis: RedisConnection, options: RedisOptions = {}): RedisStores {
  return {
    store: createRedisSessionStore(redis, options),
    tombstones: createRedisTombstoneStore(redis, options),
    replay: createRedisReplayStore(redis, options),
    refresh: {
      lock: createRedisRefreshLock(redis, options),
      successors: createRedisSuccessorStore(redis, options),
    },
  };
}
