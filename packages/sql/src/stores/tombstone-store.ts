import { TransportError } from '@countersign/core';
import type { TombstoneStore } from '@countersign/core/session';
import type { BoundedDatabase } from '../bounded-database.ts';
import { hashKey } from '../key-hash.ts';
import { joinSql, rawSql, sql } from '../statement.ts';
import { putRow } from './insert-row.ts';

/** Creates the tombstone store. One statement reads all keys of a session. */
export function createTombstoneStore(database: BoundedDatabase): TombstoneStore {
  const { select, time, dialect } = database;
  const table = database.tables.tombstones;
  const greatest = rawSql(dialect === 'sqlite' ? 'max' : 'greatest');

  return {
    async set(key, endedAt, timeToLive) {
      await putRow(database, table, {
        columns: {
          key_hash: hashKey(key),
          // Assigned before the expiry, which MySQL assigns in this order.
          ended_at: endedAt,
          expires_at: sql`${time} + ${Math.max(1, Math.ceil(timeToLive))}`,
        },
        merge: {
          ended_at: (previous, next) => sql`${greatest}(${previous}, ${next})`,
          expires_at: (previous, next) => sql`${greatest}(${previous}, ${next})`,
        },
      });
    },
    async latest(keys) {
      if (keys.length === 0) return undefined;
      const hashes = joinSql(
        keys.map((key) => sql`${hashKey(key)}`),
        ', ',
      );
      const [row] = await select(
        sql`select max(ended_at) as ended_at from ${table} where key_hash in (${hashes}) and expires_at > ${time}`,
      );
      const endedAt = row?.ended_at ?? undefined;
      if (endedAt === undefined) return undefined;
      // A comparison with NaN is false: a session that was logged out would be valid.
      if (!Number.isFinite(Number(endedAt)))
        throw new TransportError(
          'store_unavailable',
          'The database returned a tombstone that is not a number.',
        );
      return Number(endedAt);
    },
  };
}
