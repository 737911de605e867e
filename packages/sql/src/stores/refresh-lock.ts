import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshLock } from '@countersign/core';
import { type BoundedDatabase, isConflict } from '../bounded-database.ts';
import { hashKey } from '../key-hash.ts';
import { sql } from '../statement.ts';
import { insertRow } from './insert-row.ts';

/** Milliseconds between two attempts to acquire a lock that another owner holds. */
const firstPause = 15;
const lastPause = 150;

/**
 * Creates the refresh lock: a row with an owner and an expiry. It is not an advisory lock of the database, which belongs to a
 * connection that a pooler may give to another client.
 */
export function createRefreshLock(database: BoundedDatabase): RefreshLock {
  const { execute, time } = database;
  const table = database.tables.locks;

  const tryAcquire = (key: string, owner: string, timeToLive: number): Promise<boolean> =>
    insertRow(database, table, {
      columns: {
        key_hash: hashKey(key),
        owner_hash: hashKey(owner),
        expires_at: sql`${time} + ${Math.ceil(timeToLive)}`,
        // A new value in each write: a driver may not count a row that keeps its values.
        attempt: hashKey(owner, String(Math.random())),
      },
      // The owner can acquire its lock again, because the first response may have been lost with the connection.
      replaceIf: (column) =>
        sql`(${column('expires_at')} <= ${time} or ${column('owner_hash')} = ${hashKey(owner)})`,
    });

  return {
    async acquire(key, { owner, timeToLive, wait }) {
      const end = performance.now() + wait;
      for (let pause = firstPause; ; pause = Math.min(pause * 1.5, lastPause)) {
        if (await tryAcquire(key, owner, timeToLive).catch(isHeldElsewhere)) return true;
        const remaining = end - performance.now();
        if (remaining <= 0) return false;
        await sleep(Math.min(remaining, pause * (0.5 + Math.random())));
      }
    },
    async renew(key, { owner, timeToLive }) {
      const changedRows = await execute(
        sql`update ${table} set expires_at = ${time} + ${Math.ceil(timeToLive)},
          attempt = ${hashKey(owner, String(Math.random()))}
          where key_hash = ${hashKey(key)} and owner_hash = ${hashKey(owner)} and expires_at > ${time}`,
      );
      return changedRows > 0;
    },
    async release(key, owner) {
      await execute(
        sql`delete from ${table} where key_hash = ${hashKey(key)} and owner_hash = ${hashKey(owner)}`,
      );
    },
  };
}

/** A conflict: another owner acquires the lock at this moment. */
function isHeldElsewhere(error: unknown): false {
  if (isConflict(error)) return false;
  throw error;
}
