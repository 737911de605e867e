import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import postgres from 'postgres';
import type { SqlDatabase } from '../../src/database.ts';
import { fromMysql2 } from '../../src/drivers/mysql2.ts';
import { fromNodeSqlite } from '../../src/drivers/node-sqlite.ts';
import { fromPg } from '../../src/drivers/pg.ts';
import { fromPostgres } from '../../src/drivers/postgres.ts';
import { startTestMariadb } from './mariadb.ts';
import { startTestPostgres } from './postgres.ts';

/** A real database with several connections, like those of several processes. */
export interface TestDatabase {
  readonly databases: readonly SqlDatabase[];
  close(): Promise<void>;
}

const processes = [1, 2, 3];

async function openSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'test-sqlite-'));
  const connections = processes.map(() => new DatabaseSync(join(folder, 'sessions.db'), { timeout: 5_000 }));
  return {
    databases: connections.map(fromNodeSqlite),
    async close() {
      for (const connection of connections) connection.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openPg({ isolation }: { readonly isolation?: string } = {}): Promise<TestDatabase> {
  const server = await startTestPostgres();
  const pools = processes.map(
    () =>
      new pg.Pool({
        connectionString: server.url,
        max: 4,
        ...(isolation && { options: `-c default_transaction_isolation=${isolation}` }),
      }),
  );
  for (const pool of pools) pool.on('error', () => {});
  return {
    databases: pools.map(fromPg),
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      await server.close();
    },
  };
}

async function openPostgres(): Promise<TestDatabase> {
  const server = await startTestPostgres();
  const connections = processes.map(() => postgres(server.url, { max: 4, onnotice() {} }));
  return {
    databases: connections.map(fromPostgres),
    async close() {
      await Promise.all(connections.map((connection) => connection.end()));
      await server.close();
    },
  };
}

async function openMysql2({ flags }: { readonly flags?: string[] } = {}): Promise<TestDatabase> {
  const server = await startTestMariadb();
  const pools = processes.map(() =>
    createPool({ uri: server.url, connectionLimit: 4, ...(flags && { flags }) }),
  );
  return {
    databases: pools.map(fromMysql2),
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      await server.close();
    },
  };
}

/** Each database with each driver, and with the settings that change what a statement returns. */
export const testDatabases: readonly { readonly name: string; readonly open: () => Promise<TestDatabase> }[] =
  [
    { name: 'SQLite of Node', open: openSqlite },
    { name: 'PostgreSQL with pg', open: openPg },
    { name: 'PostgreSQL with pg, serializable', open: () => openPg({ isolation: 'serializable' }) },
    { name: 'PostgreSQL with postgres', open: openPostgres },
    { name: 'MariaDB with mysql2', open: openMysql2 },
    {
      name: 'MariaDB with mysql2, which counts changed rows only',
      open: () => openMysql2({ flags: ['-FOUND_ROWS'] }),
    },
  ];
