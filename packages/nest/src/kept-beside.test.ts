import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Authentication } from './authenticator.ts';
import { KeptBeside } from './kept-beside.ts';

const authentication = (value: string) =>
  ({ pending: Promise.resolve(undefined), value }) as unknown as Authentication;

test('what is kept beside an object is found again, replaced and forgotten', () => {
  const [one, other] = [{}, Object.freeze({})];
  KeptBeside.set(one, authentication('first'));
  KeptBeside.set(other, authentication('other'));
  expect(KeptBeside.get(one)?.value).toBe('first');
  expect(KeptBeside.get(other)?.value).toBe('other');
  KeptBeside.set(one, authentication('second'));
  expect(KeptBeside.get(one)?.value).toBe('second');
  KeptBeside.set(one, undefined);
  expect(KeptBeside.get(one)).toBeUndefined();
  expect(KeptBeside.get({})).toBeUndefined();
});

test('nothing that prints, copies or lists the object shows it', () => {
  const carrier = { url: '/items' };
  KeptBeside.set(carrier, authentication('secret'));
  expect(Reflect.ownKeys(carrier)).toEqual(['url']);
  expect(inspect(carrier, { showHidden: true, depth: 9 }) + JSON.stringify(carrier)).not.toContain('secret');
  expect(KeptBeside.get({ ...carrier })).toBeUndefined();
  expect(KeptBeside.get(Object.create(carrier))).toBeUndefined();
});
