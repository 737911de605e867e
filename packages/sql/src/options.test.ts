import { expect, test } from 'vitest';
import type { SqlDatabase } from './database.ts';
import { createSqlStores } from './stores.ts';

const database: SqlDatabase = { dialect: 'sqlite', select: async () => [], execute: async () => 1 };

test.each([
  [
    { prefx: 'shop' },
    'The stores have no option "prefx", expected one of: prefix, queryTimeout, cleanUpInterval, now.',
  ],
  [{ prefix: 5 }, 'The option "prefix" is of type number, expected string.'],
  [
    { prefix: 'a; drop table b' },
    '"prefix" is "a; drop table b", expected a letter, then at most 31 letters',
  ],
  [{ queryTimeout: 0 }, '"queryTimeout" is 0, expected a positive number of milliseconds.'],
  [{ cleanUpInterval: -1 }, '"cleanUpInterval" is -1, expected a number of seconds that is not negative.'],
])('createSqlStores(database, %j) names the wrong option', (options, message) => {
  expect(() => createSqlStores(database, options as never)).toThrow(message);
});

test('an option that is undefined has its default', async () => {
  const statements: string[] = [];
  const recording: SqlDatabase = {
    ...database,
    async select(statement) {
      statements.push(statement);
      return [];
    },
  };
  await createSqlStores(recording, { prefix: undefined, now: undefined }).store.get('key');
  expect(statements[0]).toContain('from countersign_sessions');
});

test.each([
  [undefined, 'Expected a database with the methods "select" and "execute".'],
  [{ query() {} }, 'Expected a database with the methods "select" and "execute".'],
  [{ ...database, dialect: 'oracle' }, '"dialect" is "oracle", expected one of: postgresql, sqlite, mysql.'],
])('createSqlStores(%j) names what it expects', (given, message) => {
  expect(() => createSqlStores(given as never)).toThrow(message);
});
