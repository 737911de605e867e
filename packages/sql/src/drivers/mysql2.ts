import type { SqlDatabase, SqlRow } from '../database.ts';

/** The method that the stores use of a pool or connection of `mysql2/promise`. */
export interface Mysql2Connection {
  // biome-ignore lint/suspicious/noExplicitAny: the parameter type of the package depends on its types.
  execute(sql: string, values: any): Promise<[unknown, ...unknown[]]>;
}

/**
 * Uses MySQL or MariaDB by the package `mysql2`, with a pool or a connection of `mysql2/promise`. The application creates it
 * and ends it.
 *
 * @example
 * ```ts
 * import { createSqlStores, fromMysql2 } from '@countersign/sql';
 * import { createPool } from 'mysql2/promise';
 *
 * const stores = createSqlStores(fromMysql2(createPool({ uri: process.env.DATABASE_URL ?? '' })));
 * ```
 * @see https://sidorares.github.io/node-mysql2/docs
 */
export const fromMysql2 = (connection: Mysql2Connection): SqlDatabase => ({
  dialect: 'mysql',
  select: async (statement, parameters) =>
    (await connection.execute(statement, [...parameters]))[0] as readonly SqlRow[],
  execute: async (statement, parameters) => {
    const [result] = await connection.execute(statement, [...parameters]);
    return (result as { readonly affectedRows?: number }).affectedRows ?? 0;
  },
});
