import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '@countersign/core';
import type { SqlDatabase, SqlDialect, SqlRow } from './database.ts';
import { checkOptions, type SqlOptions } from './options.ts';
import { databaseTime, rawSql, type Statement, writeStatement } from './statement.ts';

/** The tables of the stores, without their prefix. */
export type TableName = 'sessions' | 'tombstones' | 'locks' | 'successors' | 'replays';

/** A database whose statements have a time limit, typed errors, and another try after a conflict. */
export interface BoundedDatabase {
  readonly dialect: SqlDialect;
  readonly tables: Readonly<Record<TableName, Statement>>;
  /** The clock of the database, in milliseconds. */
  readonly time: Statement;
  /** The clock of the application, in milliseconds. */
  readonly now: () => number;
  /** @throws TransportError `store_unavailable` */
  select(statement: Statement): Promise<readonly SqlRow[]>;
  /** Returns the count of changed rows. @throws TransportError `store_unavailable` */
  execute(statement: Statement): Promise<number>;
}

export const tableNames: readonly TableName[] = ['sessions', 'tombstones', 'locks', 'successors', 'replays'];

/**
 * Conflicts between transactions, after which a database asks for another try: serialization failures and deadlocks. A
 * statement of the stores meets one only if the default isolation level was raised, or in MySQL.
 *
 * @see https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
const conflictCodes: readonly string[] = ['40001', '40P01', 'ER_LOCK_DEADLOCK'];
const maxTries = 5;

/** Errors of statements that met a conflict in each try. */
const conflicts = new WeakSet<object>();

/** Whether the statement met a conflict in each try. It has changed nothing. */
export const isConflict = (error: unknown): boolean => conflicts.has(error as object);

export const createTables = (prefix = 'countersign'): Readonly<Record<TableName, Statement>> =>
  Object.fromEntries(tableNames.map((name) => [name, rawSql(`${prefix}_${name}`)])) as Record<
    TableName,
    Statement
  >;

/** @throws ConfigurationError if the database or an option is invalid */
export function createBoundedDatabase(database: SqlDatabase, options: SqlOptions = {}): BoundedDatabase {
  checkOptions(database, options);
  const { prefix, queryTimeout = 2_000, now = Date.now } = options;

  async function run<T>(query: () => Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const expire = () => reject(unavailable(`did not respond within ${queryTimeout} ms`));
      // After a busy period, timers run before responses that have already arrived. Two iterations of the event loop let
      // the responses be read first.
      timer = setTimeout(() => setImmediate(() => setImmediate(expire)), queryTimeout);
    });
    try {
      return await Promise.race([runAgain(query), timeout]);
    } catch (error) {
      throw error instanceof TransportError
        ? error
        : unavailable(`failed (${findErrorCode(error) ?? 'unknown'})`);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    dialect: database.dialect,
    tables: createTables(prefix),
    time: databaseTime[database.dialect],
    now,
    select(statement) {
      const { text, parameters } = writeStatement(statement, database.dialect);
      return run(() => database.select(text, parameters));
    },
    execute(statement) {
      const { text, parameters } = writeStatement(statement, database.dialect);
      return run(() => database.execute(text, parameters));
    },
  };
}

/** Each statement is one transaction, so that it can run again after a conflict: it has changed nothing. */
async function runAgain<T>(query: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await query();
    } catch (error) {
      const code = findErrorCode(error) ?? '';
      if (!conflictCodes.includes(code)) throw error;
      if (tries >= maxTries) {
        const failure = unavailable(`failed (${code})`);
        conflicts.add(failure);
        throw failure;
      }
      await sleep(Math.random() * 2 ** tries);
    }
  }
}

/**
 * Returns the code of an error of a driver: SQLSTATE (`pg`, `postgres`), `ER_...` (`mysql2`), a code of the network, or the
 * number of SQLite. The message of the driver can contain values, and is not used.
 */
function findErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return `SQLite ${errcode}`;
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : undefined;
}

const unavailable = (problem: string) => new TransportError('store_unavailable', `The database ${problem}.`);
