import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type Kept, KeptBeside } from './kept-beside.ts';

const kept = (token: string) => ({ token }) as Kept;

test('what is kept beside an object is found again, replaced and forgotten', () => {
  const [one, other] = [{}, Object.freeze({})];
  KeptBeside.set(one, kept('first'));
  KeptBeside.set(other, kept('other'));
  expect(KeptBeside.get(one)).toEqual(kept('first'));
  expect(KeptBeside.get(other)).toEqual(kept('other'));
  KeptBeside.set(one, kept('second'));
  expect(KeptBeside.get(one)).toEqual(kept('second'));
  KeptBeside.set(one, undefined);
  expect(KeptBeside.get(one)).toBeUndefined();
  expect(KeptBeside.get({})).toBeUndefined();
});

test('nothing that prints, copies or lists the object shows it', () => {
  const carrier = { url: '/items' };
  KeptBeside.set(carrier, kept('secret'));
  expect(Reflect.ownKeys(carrier)).toEqual(['url']);
  expect(inspect(carrier, { showHidden: true, depth: 9 }) + JSON.stringify(carrier)).not.toContain('secret');
  expect(KeptBeside.get({ ...carrier })).toBeUndefined();
  expect(KeptBeside.get(Object.create(carrier))).toBeUndefined();
});
