import type { SqlDialect, SqlValue } from './database.ts';

/** A statement or a part of one. Its values become parameters, so that no value is ever part of the text. */
export interface Statement {
  readonly texts: readonly string[];
  readonly values: readonly (SqlValue | Statement)[];
}

/** A statement with placeholders, as a driver takes it. */
export interface WrittenStatement {
  readonly text: string;
  readonly parameters: readonly SqlValue[];
}

/** Creates a statement from a template. A value is a parameter, or a statement that becomes a part of this one. */
export const sql = (
  texts: TemplateStringsArray,
  ...values: readonly (SqlValue | Statement)[]
): Statement => ({
  texts,
  values,
});

/** Creates a part of a statement from a text of this package: the name of a table or column, or an expression. */
export const rawSql = (text: string): Statement => ({ texts: [text], values: [] });

/** Joins parts with a separator. */
export function joinSql(parts: readonly Statement[], separator: string): Statement {
  const texts = parts.map((_, index) => (index === 0 ? '' : separator));
  return { texts: [...texts, ''], values: parts };
}

const isStatement = (value: SqlValue | Statement): value is Statement =>
  typeof value === 'object' && value !== null;

/** Writes a statement in the syntax of a dialect. */
export function writeStatement(statement: Statement, dialect: SqlDialect): WrittenStatement {
  const parameters: SqlValue[] = [];
  const write = ({ texts, values }: Statement): string => {
    let text = texts[0] ?? '';
    for (const [index, value] of values.entries()) {
      if (isStatement(value)) text += write(value);
      else {
        parameters.push(value);
        text += dialect === 'postgresql' ? `$${parameters.length}` : '?';
      }
      text += texts[index + 1] ?? '';
    }
    return text;
  };
  return { text: write(statement).replace(/\s+/g, ' ').trim(), parameters };
}

/**
 * The clock of the database in milliseconds since the epoch. All processes share it, so that locks, claims and successors expire
 * at the same time for all of them.
 */
export const databaseTime: Readonly<Record<SqlDialect, Statement>> = {
  postgresql: rawSql('(extract(epoch from clock_timestamp()) * 1000)::bigint'),
  sqlite: rawSql("cast(unixepoch('subsec') * 1000 as integer)"),
  mysql: rawSql('cast(unix_timestamp(sysdate(3)) * 1000 as signed)'),
};
