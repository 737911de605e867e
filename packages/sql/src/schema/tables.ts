import type { TableName } from '../bounded-database.ts';
import type { SqlDialect } from '../database.ts';

/** The types of columns in a dialect. */
interface ColumnTypes {
  /** A hash of `hashKey()`. */
  readonly hash: string;
  /** A text of any length. */
  readonly text: string;
  /** Seconds since the epoch, with fraction, stored exactly. */
  readonly seconds: string;
  readonly integer: string;
  /** The end of the definition of a table. */
  readonly tableOptions: string;
}

const columnTypes: Readonly<Record<SqlDialect, ColumnTypes>> = {
  postgresql: {
    hash: 'char(43)',
    text: 'text',
    seconds: 'double precision',
    integer: 'bigint',
    tableOptions: '',
  },
  sqlite: {
    hash: 'text',
    text: 'text',
    seconds: 'real',
    integer: 'integer',
    tableOptions: ' strict, without rowid',
  },
  mysql: {
    // The server's collation could compare two hashes as equal that differ in case.
    hash: 'char(43) character set ascii collate ascii_bin',
    text: 'mediumtext',
    seconds: 'double',
    integer: 'bigint',
    tableOptions: ' engine = InnoDB default character set utf8mb4',
  },
};

/** The columns of each table. */
const columns: Readonly<Record<TableName, readonly string[]>> = {
  sessions: [
    'version {integer} not null',
    'value {text} not null',
    'issuer {text} not null',
    'sub {text} not null',
    'sid {text}',
    'client_id {text}',
    'user_hash {hash} not null',
    'sid_hash {hash}',
    'client_hash {hash}',
    'expires_at {seconds} not null',
    'ended {integer} not null',
  ],
  tombstones: ['ended_at {seconds} not null', 'expires_at {integer} not null'],
  locks: ['owner_hash {hash} not null', 'expires_at {integer} not null', 'attempt {hash} not null'],
  successors: ['value {text} not null', 'expires_at {integer} not null'],
  replays: ['expires_at {integer} not null'],
};

/** Indexes beside the primary keys: for the logout of a user, for that of a session at the provider, and for clean-up. */
const indexes: Readonly<Record<TableName, readonly string[]>> = {
  sessions: ['user_hash', 'sid_hash', 'expires_at'],
  tombstones: ['expires_at'],
  locks: ['expires_at'],
  successors: ['expires_at'],
  replays: ['expires_at'],
};

/**
 * Returns the statements that create the tables and indexes of the stores. They change nothing that exists, so that several
 * processes can run them at a start.
 */
export function listSchemaStatements(dialect: SqlDialect, prefix: string): readonly string[] {
  const types = columnTypes[dialect];
  const write = (definition: string) =>
    definition.replace(/\{(hash|text|seconds|integer)\}/g, (_, name: keyof ColumnTypes) => types[name]);
  return (Object.keys(columns) as TableName[]).flatMap((name) => {
    const table = `${prefix}_${name}`;
    const toIndexName = (column: string) => `${table}_${column}`;
    const definitions = [
      `key_hash ${types.hash} not null primary key`,
      ...columns[name].map(write),
      // MySQL has no "create index if not exists".
      ...(dialect === 'mysql'
        ? indexes[name].map((column) => `index ${toIndexName(column)} (${column})`)
        : []),
    ];
    const creation = `create table if not exists ${table} (\n  ${definitions.join(',\n  ')}\n)${types.tableOptions}`;
    if (dialect === 'mysql') return [creation];
    return [
      creation,
      ...indexes[name].map(
        (column) => `create index if not exists ${toIndexName(column)} on ${table} (${column})`,
      ),
    ];
  });
}
