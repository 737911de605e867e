import type { BoundedDatabase } from '../bounded-database.ts';
import type { SqlValue } from '../database.ts';
import { joinSql, rawSql, type Statement, sql } from '../statement.ts';

/** The columns of a row. The first one is its key. */
export type Columns = Readonly<Record<string, SqlValue | Statement>>;

const toNames = (columns: Columns) => rawSql(Object.keys(columns).join(', '));
const toValues = (columns: Columns) =>
  joinSql(
    Object.values(columns).map((value) => sql`${value}`),
    ', ',
  );

/** The assignments of an `update`. */
export const assignColumns = (columns: Columns): Statement =>
  joinSql(
    Object.entries(columns).map(([name, value]) => sql`${rawSql(name)} = ${value}`),
    ', ',
  );

/**
 * Inserts a row, or replaces a row with this key that meets a condition. Of several concurrent calls, one succeeds.
 *
 * @param replaceIf a condition for the existing row
 * @returns whether the row was inserted or replaced
 */
export async function insertRow(
  { dialect, execute }: BoundedDatabase,
  table: Statement,
  {
    columns,
    replaceIf,
  }: { readonly columns: Columns; readonly replaceIf: (column: (name: string) => Statement) => Statement },
): Promise<boolean> {
  const [key = ''] = Object.keys(columns);
  const insertion = sql`into ${table} (${toNames(columns)}) values (${toValues(columns)})`;
  if (dialect !== 'mysql') {
    const assignments = joinSql(
      Object.keys(columns).map((name) => rawSql(`${name} = excluded.${name}`)),
      ', ',
    );
    const condition = replaceIf((name) => sql`${table}.${rawSql(name)}`);
    return (
      (await execute(
        sql`insert ${insertion} on conflict (${rawSql(key)}) do update set ${assignments} where ${condition}`,
      )) > 0
    );
  }
  // MySQL has no condition for the existing row. An insertion that is ignored changes no row.
  if ((await execute(sql`insert ignore ${insertion}`)) > 0) return true;
  const update = sql`update ${table} set ${assignColumns(columns)}
    where ${rawSql(key)} = ${columns[key] ?? null} and ${replaceIf(rawSql)}`;
  return (await execute(update)) > 0;
}

/** Inserts a row, or replaces the row with this key. */
export async function putRow(
  { dialect, execute }: BoundedDatabase,
  table: Statement,
  {
    columns,
    merge = {},
  }: {
    readonly columns: Columns;
    /** Columns whose new value depends on the previous one. Default: none. */
    readonly merge?: Readonly<Record<string, (previous: Statement, next: Statement) => Statement>>;
  },
): Promise<void> {
  const [key = ''] = Object.keys(columns);
  const isMysql = dialect === 'mysql';
  const assignments = joinSql(
    Object.keys(columns)
      .filter((name) => name !== key)
      .map((name) => {
        const next = rawSql(isMysql ? `values(${name})` : `excluded.${name}`);
        const previous = isMysql ? rawSql(name) : sql`${table}.${rawSql(name)}`;
        return sql`${rawSql(name)} = ${merge[name]?.(previous, next) ?? next}`;
      }),
    ', ',
  );
  const onConflict = isMysql
    ? sql`on duplicate key update ${assignments}`
    : sql`on conflict (${rawSql(key)}) do update set ${assignments}`;
  await execute(sql`insert into ${table} (${toNames(columns)}) values (${toValues(columns)}) ${onConflict}`);
}
