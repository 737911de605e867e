import { expect, test } from 'vitest';
import { joinSql, rawSql, sql, writeStatement } from './statement.ts';

test('writes values as parameters, with the placeholders of the dialect', () => {
  const condition = joinSql([sql`a = ${'one'}`, sql`b in (${2}, ${null})`], ' and ');
  const statement = sql`select * from ${rawSql('t')} where ${condition} limit ${3}`;
  expect(writeStatement(statement, 'postgresql')).toEqual({
    text: 'select * from t where a = $1 and b in ($2, $3) limit $4',
    parameters: ['one', 2, null, 3],
  });
  expect(writeStatement(statement, 'mysql').text).toBe('select * from t where a = ? and b in (?, ?) limit ?');
});

test('never writes a value into the text', () => {
  const value = "'; drop table t; --";
  const { text, parameters } = writeStatement(sql`select ${value}`, 'sqlite');
  expect(text).toBe('select ?');
  expect(parameters).toEqual([value]);
});
