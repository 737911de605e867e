import type { RefreshLock, SuccessorStore } from '@countersign/core';
import type { ReplayStore, SessionStore, TombstoneStore } from '@countersign/core/session';
import { createBoundedDatabase } from './bounded-database.ts';
import type { SqlDatabase } from './database.ts';
import type { SqlOptions } from './options.ts';
import { createCleanUp } from './schema/clean-up.ts';
import { createRefreshLock } from './stores/refresh-lock.ts';
import { createReplayStore } from './stores/replay-store.ts';
import { createSessionStore } from './stores/session-store.ts';
import { createSuccessorStore } from './stores/successor-store.ts';
import { createTombstoneStore } from './stores/tombstone-store.ts';

/** The stores that the processes of an application share. The names are those of the session options. */
export interface SqlStores {
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
 * Creates all stores on one database. Create their tables with `migrate()` first. Pass the result to the session options:
 * `createAuth({ ...createSqlStores(database) })`.
 *
 * @throws ConfigurationError if the database or an option is invalid. The methods of the stores throw TransportError
 *   `store_unavailable` while the database is unavailable.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { createSqlStores, fromPg } from '@countersign/sql';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * const { store, tombstones, replay, refresh } = createSqlStores(fromPg(pool));
 * ```
 */
export function createSqlStores(sqlDatabase: SqlDatabase, options: SqlOptions = {}): SqlStores {
  const bounded = createBoundedDatabase(sqlDatabase, options);
  const cleanUp = createCleanUp(bounded, { interval: options.cleanUpInterval ?? 60 });
  const database: typeof bounded = {
    ...bounded,
    async execute(statement) {
      const changedRows = await bounded.execute(statement);
      cleanUp();
      return changedRows;
    },
  };
  return {
    store: createSessionStore(database),
    tombstones: createTombstoneStore(database),
    replay: createReplayStore(database),
    refresh: { lock: createRefreshLock(database), successors: createSuccessorStore(database) },
  };
}
