import type { SqlDatabase, SqlRow } from '../database.ts';

/** The method that the stores use of a `Pool` or `Client` of the package `pg`. */
export interface PgConnection {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
}

/**
 * Uses PostgreSQL by the package `pg`, with a pool or a client. The application creates it, listens to its `error` event and
 * ends it.
 *
 * @example
 * ```ts
 * import { createSqlStores, fromPg } from '@countersign/sql';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 });
 * pool.on('error', console.error);
 * const stores = createSqlStores(fromPg(pool));
 * ```
 * @see https://node-postgres.com/apis/pool
 */
export const fromPg = (connection: PgConnection): SqlDatabase => ({
  dialect: 'postgresql',
  select: async (statement, parameters) =>
    (await connection.query(statement, [...parameters])).rows as readonly SqlRow[],
  execute: async (statement, parameters) =>
    (await connection.query(statement, [...parameters])).rowCount ?? 0,
});
