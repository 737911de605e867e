import type { SqlDatabase, SqlRow } from '../database.ts';

/** The method that the stores use of the function that the package `postgres` creates. */
export interface PostgresConnection {
  // biome-ignore lint/suspicious/noExplicitAny: the parameter type of the package depends on its types.
  unsafe(query: string, parameters: any[]): PromiseLike<ArrayLike<unknown> & { readonly count: number }>;
}

/**
 * Uses PostgreSQL by the package `postgres`. The application creates the connection and ends it.
 *
 * @example
 * ```ts
 * import { createSqlStores, fromPostgres } from '@countersign/sql';
 * import postgres from 'postgres';
 *
 * const sql = postgres(process.env.DATABASE_URL ?? '', { connect_timeout: 2 });
 * const stores = createSqlStores(fromPostgres(sql));
 * ```
 * @see https://github.com/porsager/postgres#readme
 */
export const fromPostgres = (connection: PostgresConnection): SqlDatabase => ({
  dialect: 'postgresql',
  // The text has placeholders for all values. "unsafe" is the name of the function for statements that are not template literals.
  select: async (statement, parameters) =>
    Array.from(await connection.unsafe(statement, [...parameters])) as readonly SqlRow[],
  execute: async (statement, parameters) => (await connection.unsafe(statement, [...parameters])).count,
});
