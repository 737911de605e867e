import type { SuccessorStore } from '@countersign/core';
import type { BoundedDatabase } from '../bounded-database.ts';
import { hashKey } from '../key-hash.ts';
import { sql } from '../statement.ts';
import { putRow } from './insert-row.ts';

/**
 * Creates the successor store: for a short time, all processes can read the token set that a refresh token was exchanged for. The
 * values are encrypted with a key of the previous refresh token, which is never sent to the database.
 */
export function createSuccessorStore(database: BoundedDatabase): SuccessorStore {
  const { select, time } = database;
  const table = database.tables.successors;
  return {
    async get(key) {
      const [row] = await select(
        sql`select value from ${table} where key_hash = ${hashKey(key)} and expires_at > ${time}`,
      );
      return row && String(row.value);
    },
    async set(key, value, timeToLive) {
      await putRow(database, table, {
        columns: {
          key_hash: hashKey(key),
          value,
          expires_at: sql`${time} + ${Math.max(1, Math.ceil(timeToLive))}`,
        },
      });
    },
  };
}
