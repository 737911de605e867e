import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { AttachedMemo, type Verification } from './attached-memo.ts';

const createVerification = (token: string) => ({ token }) as unknown as Verification;

test('stores, replaces and deletes the memo of an object', () => {
  const [one, other] = [{}, Object.freeze({})];
  AttachedMemo.get(one).verifications = createVerification('first');
  AttachedMemo.get(other).verifications = createVerification('other');
  expect(AttachedMemo.find(one)?.verifications).toEqual(createVerification('first'));
  expect(AttachedMemo.find(other)?.verifications).toEqual(createVerification('other'));
  AttachedMemo.get(one).verifications = createVerification('second');
  expect(AttachedMemo.find(one)?.verifications).toEqual(createVerification('second'));
  AttachedMemo.get(one).verifications = undefined;
  expect(AttachedMemo.find(one)?.verifications).toBeUndefined();
  expect(AttachedMemo.find({})).toBeUndefined();
});

test('printing, copying or listing the object does not reveal the memo', () => {
  const object = { url: '/items' };
  AttachedMemo.get(object).verifications = createVerification('secret');
  expect(Reflect.ownKeys(object)).toEqual(['url']);
  expect(inspect(object, { showHidden: true, depth: 9 }) + JSON.stringify(object)).not.toContain('secret');
  expect(AttachedMemo.find({ ...object })).toBeUndefined();
  expect(AttachedMemo.find(Object.create(object))).toBeUndefined();
});
