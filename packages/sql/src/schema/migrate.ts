import { TransportError } from '@countersign/core';
import type { SqlDatabase } from '../database.ts';
import { checkOptions, type SqlOptions } from '../options.ts';
import { listSchemaStatements } from './tables.ts';

/**
 * Creates the tables and indexes of the stores, if they do not exist. The user of the database needs the right to create tables. To
 * use a tool for migrations instead, take the files in the folder `migrations` of this package.
 *
 * @param options `prefix`: the beginning of the names of the tables. Default: `countersign`.
 * @throws ConfigurationError if the database or an option is invalid; TransportError `store_unavailable` if a statement fails
 * @example
 * ```ts
 * import { fromPg, migrate } from '@countersign/sql';
 * import pg from 'pg';
 *
 * await migrate(fromPg(new pg.Pool({ connectionString: process.env.DATABASE_URL })));
 * ```
 * @see https://www.postgresql.org/docs/current/sql-createtable.html
 */
export async function migrate(
  database: SqlDatabase,
  options: Pick<SqlOptions, 'prefix'> = {},
): Promise<void> {
  checkOptions(database, options);
  for (const statement of listSchemaStatements(database.dialect, options.prefix ?? 'countersign')) {
    try {
      // PostgreSQL may fail while another process creates the same table. Then it exists.
      await database.execute(statement, []).catch(() => database.execute(statement, []));
    } catch (cause) {
      throw new TransportError(
        'store_unavailable',
        `The tables of the stores could not be created: "${statement.split('\n')[0]}". Grant the right to create tables, or run the file of this dialect in the folder "migrations" of @countersign/sql.`,
        // The statement contains no value of a user.
        { cause },
      );
    }
  }
}
