import {
  type BoundedDatabase,
  createBoundedDatabase,
  type TableName,
  tableNames,
} from '../bounded-database.ts';
import type { SqlDatabase } from '../database.ts';
import type { SqlOptions } from '../options.ts';
import { rawSql, sql } from '../statement.ts';

/** Rows that one statement deletes. Few, so that it blocks other statements for a short time only. */
const batchSize = 500;

/** Seconds for which a session is stored beyond its expiry, because clocks differ. */
const margin = 60;

/**
 * Deletes expired rows of all stores, in statements of at most 500 rows. The stores do this themselves, see the option
 * `cleanUpInterval`; a scheduled job can call it instead.
 *
 * @param options the options of the stores
 * @returns the count of deleted rows
 * @throws ConfigurationError if the database or an option is invalid; TransportError `store_unavailable`
 * @example
 * ```ts
 * import { deleteExpired, fromPg } from '@countersign/sql';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * console.log(await deleteExpired(fromPg(pool)), 'rows deleted');
 * ```
 * @see https://www.postgresql.org/docs/current/sql-delete.html
 */
export async function deleteExpired(database: SqlDatabase, options: SqlOptions = {}): Promise<number> {
  const bounded = createBoundedDatabase(database, options);
  let deletedRows = 0;
  for (const name of tableNames) {
    for (;;) {
      const count = await deleteBatch(bounded, name);
      deletedRows += count;
      if (count < batchSize) break;
    }
  }
  return deletedRows;
}

/** Deletes at most 500 expired rows of a table. */
function deleteBatch(
  { dialect, tables, time, now, execute }: BoundedDatabase,
  name: TableName,
): Promise<number> {
  const table = tables[name];
  const limit = rawSql(String(batchSize));
  const hasExpired =
    name === 'sessions' ? sql`expires_at <= ${now() / 1000 - margin}` : sql`expires_at <= ${time}`;
  if (dialect === 'mysql') return execute(sql`delete from ${table} where ${hasExpired} limit ${limit}`);
  return execute(
    sql`delete from ${table} where key_hash in (select key_hash from ${table} where ${hasExpired} limit ${limit})`,
  );
}

/**
 * Creates a function that deletes expired rows of one table after another, at most one batch for each interval and table. Stores call
 * it after a write and do not wait for it.
 */
export function createCleanUp(
  database: BoundedDatabase,
  { interval }: { readonly interval: number },
): () => void {
  let isRunning = false;
  let next = performance.now() + interval * 1000;
  return () => {
    if (interval === 0 || isRunning || performance.now() < next) return;
    isRunning = true;
    void deleteAllBatches(database)
      // The next write tries again after the interval. Expired rows have no effect.
      .catch(() => {})
      .finally(() => {
        isRunning = false;
        next = performance.now() + interval * 1000;
      });
  };
}

async function deleteAllBatches(database: BoundedDatabase): Promise<void> {
  for (const name of tableNames) while ((await deleteBatch(database, name)) === batchSize);
}
