import type { ReplayStore } from '@countersign/core/session';
import type { BoundedDatabase } from '../bounded-database.ts';
import { hashKey } from '../key-hash.ts';
import { sql } from '../statement.ts';
import { insertRow } from './insert-row.ts';

/** Creates the replay store: it records the one-time values that were used. */
export function createReplayStore(database: BoundedDatabase): ReplayStore {
  const { select, execute, time } = database;
  const table = database.tables.replays;
  return {
    claim: (key, timeToLive) =>
      insertRow(database, table, {
        columns: {
          key_hash: hashKey(key),
          expires_at: sql`${time} + ${Math.max(1, Math.ceil(timeToLive))}`,
        },
        replaceIf: (column) => sql`${column('expires_at')} <= ${time}`,
      }),
    async has(key) {
      const rows = await select(
        sql`select 1 as found from ${table} where key_hash = ${hashKey(key)} and expires_at > ${time}`,
      );
      return rows.length > 0;
    },
    async release(key) {
      await execute(sql`delete from ${table} where key_hash = ${hashKey(key)}`);
    },
  };
}
