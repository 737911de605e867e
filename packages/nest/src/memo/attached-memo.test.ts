import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { KeptBeside, type Result } from './attached-memo.ts';

const resultOf = (token: string) => ({ token }) as unknown as Result;

test('what is kept beside an object is found again, replaced and forgotten', () => {
  const [one, other] = [{}, Object.freeze({})];
  KeptBeside.of(one).results = resultOf('first');
  KeptBeside.of(other).results = resultOf('other');
  expect(KeptBeside.get(one)?.results).toEqual(resultOf('first'));
  expect(KeptBeside.get(other)?.results).toEqual(resultOf('other'));
  KeptBeside.of(one).results = resultOf('second');
  expect(KeptBeside.get(one)?.results).toEqual(resultOf('second'));
  KeptBeside.of(one).results = undefined;
  expect(KeptBeside.get(one)?.results).toBeUndefined();
  expect(KeptBeside.get({})).toBeUndefined();
});

test('nothing that prints, copies or lists the object shows it', () => {
  const carrier = { url: '/items' };
  KeptBeside.of(carrier).results = resultOf('secret');
  expect(Reflect.ownKeys(carrier)).toEqual(['url']);
  expect(inspect(carrier, { showHidden: true, depth: 9 }) + JSON.stringify(carrier)).not.toContain('secret');
  expect(KeptBeside.get({ ...carrier })).toBeUndefined();
  expect(KeptBeside.get(Object.create(carrier))).toBeUndefined();
});
