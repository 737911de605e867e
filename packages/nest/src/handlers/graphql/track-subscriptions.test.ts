import { expect, test, vi } from 'vitest';
import { endedSubscriptions } from '../../module-state.ts';
import { ResolverSet } from './resolver-set.ts';
import { trackSubscriptions } from './track-subscriptions.ts';

/** Starts a subscription whose source is `stream`. */
async function start(stream: unknown) {
  const field = { subscribe: vi.fn(async () => stream) as () => unknown };
  const type = { name: 'Subscription', getFields: () => ({ items: field }) };
  trackSubscriptions({
    getTypeMap: () => ({}),
    getQueryType: () => undefined,
    getMutationType: () => undefined,
    getSubscriptionType: () => type,
  });
  const path = {};
  const subscribe = field.subscribe as (...args: unknown[]) => Promise<AsyncIterableIterator<unknown>>;
  return { path, tracked: await subscribe(undefined, {}, {}, { path }) };
}

/** A source whose next value is emitted by `emit()`, even after it was asked to end. */
function createSource() {
  let emit: (value: unknown) => void = () => {};
  const next = () =>
    new Promise<IteratorResult<unknown>>((resolve) => {
      emit = (value) => resolve({ done: false, value });
    });
  const iterator = { next, return: vi.fn(async () => ({ done: true, value: undefined })) };
  return {
    stream: { [Symbol.asyncIterator]: () => iterator },
    iterator,
    emit: (value: unknown) => emit(value),
  };
}

test.each(['return', 'throw'] as const)('N28: a subscription emits nothing after %s()', async (method) => {
  const { stream, iterator, emit } = createSource();
  const { path, tracked } = await start(stream);
  const first = tracked.next();
  emit('one');
  expect(await first).toEqual({ done: false, value: 'one' });
  expect(endedSubscriptions.has(path)).toBe(false);
  const late = tracked.next();
  const ended = tracked[method]?.(new Error('the consumer has failed'));
  expect(endedSubscriptions.has(path)).toBe(true);
  await ended?.catch(() => {});
  emit('two');
  expect(await late).toEqual({ done: true, value: undefined });
  expect(await tracked.next()).toEqual({ done: true, value: undefined });
  expect(iterator.return).toHaveBeenCalledOnce();
});

test('N28: a subscription without a stream has ended', async () => {
  expect(endedSubscriptions.has((await start('not a stream')).path)).toBe(true);
});

test('N28: tracks a subscription once, even in a copy of the schema', () => {
  const field = { subscribe: () => undefined };
  const original = field.subscribe;
  const createSchema = (subscription: object) => ({
    getTypeMap: () => ({}),
    getQueryType: () => undefined,
    getMutationType: () => undefined,
    getSubscriptionType: () => ({ name: 'Subscription', getFields: () => ({ items: subscription }) }),
  });
  const tracked = new ResolverSet();
  trackSubscriptions(createSchema(field), tracked);
  expect(field.subscribe).not.toBe(original);
  const copy = { ...field };
  trackSubscriptions(createSchema(copy), tracked);
  expect(copy.subscribe).toBe(field.subscribe);
});

test('N14: an event may have a copy of the context, and a query has no event', async () => {
  const field: { subscribe: () => AsyncIterable<unknown>; resolve?: (...args: unknown[]) => unknown } = {
    async *subscribe() {
      yield { items: 'a' };
    },
  };
  trackSubscriptions({
    getTypeMap: () => ({}),
    getQueryType: () => undefined,
    getMutationType: () => undefined,
    getSubscriptionType: () => ({ name: 'Subscription', getFields: () => ({ items: field }) }),
  });
  const context = { req: {} };
  const subscribe = field.subscribe as (...args: unknown[]) => unknown;
  const stream = (await subscribe(undefined, {}, context, { path: {} })) as AsyncIterable<unknown>;
  for await (const event of stream)
    expect(field.resolve?.(event, {}, { ...context, loaders: {} }, {})).toBe('a');
  for (const source of [undefined, null, 'a', { items: 'a' }])
    expect(() => field.resolve?.(source, {}, { ...context }, {})).toThrow('available only to a client');
});
