export type { SqlDatabase, SqlDialect, SqlRow, SqlValue } from './database.ts';
export { fromMysql2, type Mysql2Connection } from './drivers/mysql2.ts';
export { fromNodeSqlite, type NodeSqliteConnection } from './drivers/node-sqlite.ts';
export { fromPg, type PgConnection } from './drivers/pg.ts';
export { fromPostgres, type PostgresConnection } from './drivers/postgres.ts';
export type { SqlOptions } from './options.ts';
export { deleteExpired } from './schema/clean-up.ts';
export { migrate } from './schema/migrate.ts';
export { createSqlStores, type SqlStores } from './stores.ts';
