import { expect, test } from 'vitest';
import { createOrderedUpdates } from './ordered-updates.ts';

/** Starts a request whose response arrives when the test resolves it. */
const startRequest = (updates: ReturnType<typeof createOrderedUpdates<string>>) => {
  let resolve = (_value: string) => {};
  let reject = (_error: Error) => {};
  const promise = new Promise<string>((...settle) => {
    [resolve, reject] = settle;
  });
  return { done: updates.run(() => promise), resolve, reject };
};

function setUp() {
  const applied: string[] = [];
  const updates = createOrderedUpdates<string>((value) => applied.push(value));
  return { applied, updates };
}

test('ignores the response of an earlier request that arrives late', async () => {
  const { applied, updates } = setUp();
  const [check, extend, last] = [startRequest(updates), startRequest(updates), startRequest(updates)];
  extend.resolve('extended');
  await extend.done;
  check.resolve('previous expiry');
  await check.done;
  last.resolve('last');
  await last.done;
  expect(applied).toEqual(['extended', 'last']);
});

test('a request that fails neither applies anything nor hides an earlier response', async () => {
  const { applied, updates } = setUp();
  const [check, extend] = [startRequest(updates), startRequest(updates)];
  extend.reject(new Error('offline'));
  await expect(extend.done).rejects.toThrow('offline');
  check.resolve('checked');
  await check.done;
  expect(applied).toEqual(['checked']);
});

test('S19: ignores the responses to requests that were sent before a logout', async () => {
  const { applied, updates } = setUp();
  const before = startRequest(updates);
  updates.ignoreEarlier();
  const after = startRequest(updates);
  before.resolve('signed in');
  after.resolve('signed out');
  await Promise.all([before.done, after.done]);
  expect(applied).toEqual(['signed out']);
});
