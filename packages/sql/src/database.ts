/** The SQL dialects of the stores. MariaDB has the dialect `mysql`. */
export type SqlDialect = 'postgresql' | 'sqlite' | 'mysql';

/** A parameter of a statement. */
export type SqlValue = string | number | null;

/** A row of a result. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * A database, as the stores use it. The functions `fromPg`, `fromPostgres`, `fromMysql2` and `fromNodeSqlite` create one from
 * a driver. For a query builder or an ORM, write the two methods with its function for raw SQL.
 *
 * Each call is one statement outside a transaction. The statements are correct at every isolation level, and with poolers
 * that share connections between clients.
 *
 * @example
 * ```ts
 * import type { SqlDatabase } from '@countersign/sql';
 * import type { Pool } from 'pg';
 *
 * export const createDatabase = (pool: Pool): SqlDatabase => ({
 *   dialect: 'postgresql',
 *   select: async (statement, parameters) => (await pool.query(statement, [...parameters])).rows,
 *   execute: async (statement, parameters) => (await pool.query(statement, [...parameters])).rowCount ?? 0,
 * });
 * ```
 */
export interface SqlDatabase {
  readonly dialect: SqlDialect;
  /** Runs a statement that returns rows. The placeholders are `$1`, `$2` for PostgreSQL, and `?` otherwise. */
  select(statement: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /**
   * Runs a statement that changes rows.
   *
   * @returns the count of inserted, changed or deleted rows. For MySQL, an option of the driver decides whether a row counts
   *   that already has the new values: both counts are correct.
   */
  execute(statement: string, parameters: readonly SqlValue[]): Promise<number>;
}
