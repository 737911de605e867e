import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SqlDialect } from '../database.ts';
import { listSchemaStatements } from './tables.ts';

const dialects: readonly SqlDialect[] = ['postgresql', 'sqlite', 'mysql'];

test.each(dialects)('the migration file of %s contains the statements of migrate()', (dialect) => {
  const file = join(import.meta.dirname, `../../migrations/${dialect}.sql`);
  const statements = listSchemaStatements(dialect, 'countersign').map((statement) => `${statement};\n`);
  expect(readFileSync(file, 'utf8')).toBe(statements.join('\n'));
});
