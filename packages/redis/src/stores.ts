import type { RefreshLock, SuccessorStore } from '@countersign/core';
import type { ReplayStore, SessionStore, TombstoneStore } from '@countersign/core/session';
import type { RedisConnection, RedisOptions } from './connection.ts';
import { createRedisRefreshLock } from './refresh-lock.ts';
import { createRedisReplayStore } from './replay-store.ts';
import { createRedisSessionStore } from './session-store.ts';
import { createRedisSuccessorStore } from './successor-store.ts';
import { createRedisTombstoneStore } from './tombstone-store.ts';

/** Everything that an application of several processes shares, named as the options of the session routes are. */
export interface RedisStores {
  /** Leave it out to keep sessions in the cookie. */
  readonly store: SessionStore;
  /** Sessions that have ended, so that no late write brings one back. */
  readonly tombstones: TombstoneStore;
  /** What must not be used twice: the `jti` of logout tokens and DPoP proofs. @see RFC 9449 section 11.1 */
  readonly replay: ReplayStore;
  /** One refresh at a time for each refresh token, and its outcome for all who waited. */
  readonly refresh: { readonly lock: RefreshLock; readonly successors: SuccessorStore };
}

/**
 * All stores on one client: `createAuth({ ...createRedisStores(redis) })`.
 *
 * @throws ConfigurationError when the client or an option is wrong
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
