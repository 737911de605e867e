import type { SqlDatabase, SqlRow, SqlValue } from '../database.ts';

/** The methods that the stores use of a `DatabaseSync` of `node:sqlite`. */
export interface NodeSqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): {
    all(...parameters: SqlValue[]): unknown[];
    run(...parameters: SqlValue[]): { readonly changes: number | bigint };
  };
}

type Prepared = ReturnType<NodeSqliteConnection['prepare']>;

/** Maximum count of statements that are kept prepared. The stores have about twenty. */
const maxPrepared = 100;

/**
 * Uses SQLite by Node's own module. It sets the journal mode WAL, in which readers and a writer do not block each other, and the
 * synchronous mode FULL: a commit is durable when a power failure follows.
 *
 * The calls are synchronous. Give the database a `timeout`: so long a process waits while another process writes.
 *
 * @see https://www.sqlite.org/wal.html
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite';
 * import { createSqlStores, fromNodeSqlite } from '@countersign/sql';
 *
 * const database = new DatabaseSync('sessions.db', { timeout: 1_000 });
 * const stores = createSqlStores(fromNodeSqlite(database));
 * ```
 */
export function fromNodeSqlite(connection: NodeSqliteConnection): SqlDatabase {
  connection.exec('pragma journal_mode = wal; pragma synchronous = full;');
  const prepared = new Map<string, Prepared>();
  const prepare = (text: string): Prepared => {
    const knownStatement = prepared.get(text);
    if (knownStatement) return knownStatement;
    const statement = connection.prepare(text);
    if (prepared.size < maxPrepared) prepared.set(text, statement);
    return statement;
  };
  return {
    dialect: 'sqlite',
    select: async (text, parameters) => prepare(text).all(...parameters) as readonly SqlRow[],
    execute: async (text, parameters) => Number(prepare(text).run(...parameters).changes),
  };
}
