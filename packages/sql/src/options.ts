import { ConfigurationError } from '@countersign/core';
import type { SqlDatabase } from './database.ts';

/** Options of all stores. */
export interface SqlOptions {
  /** The beginning of the name of each table: a letter, then at most 31 letters, digits and underscores. Default: `countersign`. */
  readonly prefix?: string | undefined;
  /** Milliseconds after which a statement fails with `store_unavailable`. Default: 2,000. */
  readonly queryTimeout?: number | undefined;
  /**
   * Minimum seconds between two deletions of expired rows. A write to a store starts a deletion, which the request does not
   * wait for. 0: never, if a scheduled job calls `deleteExpired()`. Default: 60.
   */
  readonly cleanUpInterval?: number | undefined;
  /** Returns milliseconds since the epoch, for the expiry of sessions. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const optionTypes = {
  prefix: 'string',
  queryTimeout: 'number',
  cleanUpInterval: 'number',
  now: 'function',
} as const;

const dialects: readonly unknown[] = ['postgresql', 'sqlite', 'mysql'];

/**
 * Checks what the compiler checks, for applications without it, and the values.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkOptions(database: SqlDatabase, options: SqlOptions): void {
  if (typeof database?.select !== 'function' || typeof database.execute !== 'function')
    throw invalid(
      'Expected a database with the methods "select" and "execute". Create it from a driver: fromPg(), fromPostgres(), fromMysql2() or fromNodeSqlite().',
    );
  if (!dialects.includes(database.dialect))
    throw invalid(
      `"dialect" is ${JSON.stringify(database.dialect)}, expected one of: ${dialects.join(', ')}.`,
    );
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const type = Object.hasOwn(optionTypes, name) ? optionTypes[name as keyof typeof optionTypes] : undefined;
    if (type === undefined)
      throw invalid(
        `The stores have no option ${JSON.stringify(name)}, expected one of: ${Object.keys(optionTypes).join(', ')}.`,
      );
    if (typeof value !== type)
      throw invalid(`The option "${name}" is of type ${typeof value}, expected ${type}.`);
  }
  const { prefix = 'countersign', queryTimeout = 1, cleanUpInterval = 0 } = options;
  // The prefix is part of each statement.
  if (!/^[a-z][a-z0-9_]{0,31}$/i.test(prefix))
    throw invalid(
      `"prefix" is ${JSON.stringify(prefix)}, expected a letter, then at most 31 letters, digits and underscores.`,
    );
  if (!(queryTimeout > 0))
    throw invalid(`"queryTimeout" is ${queryTimeout}, expected a positive number of milliseconds.`);
  if (!(cleanUpInterval >= 0))
    throw invalid(
      `"cleanUpInterval" is ${cleanUpInterval}, expected a number of seconds that is not negative.`,
    );
}

const invalid = (message: string) => new ConfigurationError('invalid_option', message);
