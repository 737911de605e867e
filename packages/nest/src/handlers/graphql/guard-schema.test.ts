import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { of } from 'rxjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { RequireScopes } from '../../index.ts';
import type { GraphqlPosition, Handler } from '../handler.ts';
import type { Resolve, Schema, SchemaField, SchemaType } from './graphql-modules.ts';
import { type GuardSchemaOptions, guardSchema } from './guard-schema.ts';
import { ResolverSet } from './resolver-set.ts';

class Resolvers {
  plain() {}

  @RequireScopes('items:read')
  scoped() {}
}

const checked: string[] = [];
beforeEach(() => {
  checked.length = 0;
});

const record = (name: string, result: unknown = true): CanActivate =>
  ({
    canActivate: (context: ExecutionContext) => {
      checked.push(`${name} ${context.getClass().name}.${context.getHandler().name}`);
      return result;
    },
  }) as CanActivate;

function createHandler(
  kind: GraphqlPosition['kind'],
  position: string,
  method: 'plain' | 'scoped' = 'plain',
): Handler {
  const [type = '', field = ''] = position.split('.');
  return {
    transport: 'graphql',
    owner: Resolvers as Type,
    methodName: method,
    method: Resolvers.prototype[method],
    entries: [position],
    graphql: { kind, type, field },
  };
}

const createType = (
  name: string,
  fields: Record<string, SchemaField>,
  others: Partial<SchemaType> & { readonly interfaces?: readonly string[] } = {},
): SchemaType => ({
  name,
  getFields: () => fields,
  getInterfaces: () => (others.interfaces ?? []).map((each) => ({ name: each })),
  ...others,
});

function guard(types: readonly SchemaType[], options: Partial<GuardSchemaOptions> = {}): void {
  const find = (name: string) => types.find((type) => type.name === name);
  const schema: Schema = {
    getTypeMap: () => Object.fromEntries(types.map((type) => [type.name, type])),
    getQueryType: () => find('Query'),
    getMutationType: () => find('Mutation'),
    getSubscriptionType: () => find('Subscription'),
  };
  guardSchema(schema, {
    guard: record('global'),
    handlers: [],
    guardsFields: false,
    isReplaced: () => false,
    findExplicitGuards: () => [],
    ...options,
  });
}

const resolve: Resolve = () => 'value';
const call = (resolver: Resolve | undefined, ...args: unknown[]) =>
  resolver ? resolver(...(args.length > 0 ? args : [{}, {}, {}, {}])) : undefined;

test('N15: guards a root field without a method, and not one that Nest guards', async () => {
  const fields: Record<string, SchemaField> = { raw: { resolve }, method: { resolve } };
  guard([createType('Query', fields)], { handlers: [createHandler('root', 'Query.method')] });
  expect(fields.method?.resolve).toBe(resolve);
  expect(await call(fields.raw?.resolve)).toBe('value');
  expect(checked).toEqual(['global SchemaResolver.resolve']);
});

test('N15: guards a root field whose resolver the options replace', async () => {
  const fields: Record<string, SchemaField> = { method: { resolve } };
  guard([createType('Query', fields)], {
    handlers: [createHandler('root', 'Query.method')],
    isReplaced: () => true,
  });
  await call(fields.method?.resolve);
  expect(checked).toEqual(['global Resolvers.plain']);
});

test('N14: guards a field with a requirement, including a field of an interface, and not one without', async () => {
  const fields: Record<string, SchemaField> = {
    plain: { resolve },
    scoped: { resolve },
    inherited: { resolve },
  };
  guard([createType('Item', fields, { interfaces: ['Node'] })], {
    handlers: [
      createHandler('field', 'Item.plain'),
      createHandler('field', 'Item.scoped', 'scoped'),
      createHandler('field', 'Node.inherited', 'scoped'),
    ],
  });
  for (const { resolve: each } of Object.values(fields)) await call(each);
  expect(checked).toEqual(['global Resolvers.scoped', 'global Resolvers.scoped']);
});

test('N15: guards a replaced field even if Nest guards fields', async () => {
  const fields: Record<string, SchemaField> = { scoped: { resolve }, replaced: { resolve } };
  guard([createType('Item', fields)], {
    handlers: [
      createHandler('field', 'Item.scoped', 'scoped'),
      createHandler('field', 'Item.replaced', 'scoped'),
    ],
    guardsFields: true,
    isReplaced: (_, field) => field === 'replaced',
  });
  expect(fields.scoped?.resolve).toBe(resolve);
  await call(fields.replaced?.resolve);
  expect(checked).toEqual(['global Resolvers.scoped']);
});

test('N19: runs explicit guards of a field after the global guard', async () => {
  const fields: Record<string, SchemaField> = { plain: { resolve } };
  guard([createType('Item', fields)], {
    handlers: [createHandler('field', 'Item.plain')],
    findExplicitGuards: () => [record('explicit')],
  });
  expect(await call(fields.plain?.resolve)).toBe('value');
  expect(checked).toEqual(['global Resolvers.plain', 'explicit Resolvers.plain']);
});

test.each([
  ['true', true, true],
  ['a promise of true', Promise.resolve(true), true],
  ['an Observable of true', of(true), true],
  ['false', false, false],
  ['a promise of false', Promise.resolve(false), false],
  ['an Observable of false', of(false), false],
  ['null', null, false],
  ['a string', 'yes', false],
])('N15: only true allows a field: %s', async (_, result, allowed) => {
  const original = vi.fn(resolve);
  const fields: Record<string, SchemaField> = { raw: { resolve: original } };
  guard([createType('Query', fields)], { guard: record('global', result) });
  const outcome = Promise.resolve(call(fields.raw?.resolve));
  if (allowed) expect(await outcome).toBe('value');
  else await expect(outcome).rejects.toMatchObject({ status: 403 });
  expect(original).toHaveBeenCalledTimes(allowed ? 1 : 0);
});

test('N15: checks a subscription when it starts', async () => {
  const subscribe = vi.fn(resolve);
  const fields: Record<string, SchemaField> = { ticks: { subscribe } };
  guard([createType('Subscription', fields)], { guard: record('global', false) });
  await expect(call(fields.ticks?.subscribe)).rejects.toMatchObject({ status: 403 });
  expect(subscribe).not.toHaveBeenCalled();
  expect(fields.ticks?.resolve).toBeUndefined();
});

test('N10: guards reference resolvers in both places where libraries store them', async () => {
  const item = createType('Item', {}, { resolveReference: resolve });
  const page = createType(
    'Page',
    {},
    { extensions: { apollo: { subgraph: { resolveReference: resolve } } } },
  );
  guard([item, page], { handlers: [createHandler('reference', 'Item.', 'scoped')] });
  await call(item.resolveReference);
  await call(page.extensions?.apollo?.subgraph?.resolveReference);
  expect(checked).toEqual(['global Resolvers.scoped', 'global SchemaResolver.resolve']);
});

test('N10: does not guard a reference twice if Nest guards it, unless the options replace it', async () => {
  const item = createType('Item', {}, { resolveReference: resolve });
  const page = createType('Page', {}, { resolveReference: resolve });
  guard([item, page], {
    handlers: [createHandler('reference', 'Item.'), createHandler('reference', 'Page.')],
    guardsFields: true,
    isReplaced: (type) => type === 'Page',
  });
  expect(item.resolveReference).toBe(resolve);
  await call(page.resolveReference);
  expect(checked).toEqual(['global Resolvers.plain']);
});

test('N10: guards each reference whose type has no reference resolver', async () => {
  const fields: Record<string, SchemaField> = { _entities: { resolve }, _service: { resolve } };
  const item = createType('Item', {}, { resolveReference: resolve });
  guard([createType('Query', fields), item, createType('Account', {})]);
  expect(fields._service?.resolve).toBe(resolve);
  const references = ['Item', 'Account', 7].map((__typename) => ({ __typename }));
  await call(fields._entities?.resolve, {}, { representations: [...references, null] }, {}, {});
  expect(checked).toEqual(Array.from({ length: 3 }, () => 'global SchemaResolver.resolve'));
});

test('N15: guards each resolver once, even in a copy, and one that replaces it', async () => {
  const fields: Record<string, SchemaField> = { raw: { resolve }, method: { resolve: () => 'method' } };
  const options = { handlers: [createHandler('root', 'Query.method')], guardedResolvers: new ResolverSet() };
  guard([createType('Query', fields)], options);
  const copies: Record<string, SchemaField> = { raw: { ...fields.raw }, method: { ...fields.method } };
  guard([createType('Query', copies)], { ...options, isReplaced: () => true });
  expect(copies).toEqual(fields);
  copies.method = { resolve };
  guard([createType('Query', copies)], { ...options, isReplaced: () => true });
  await call(copies.method.resolve);
  expect(checked).toEqual(['global Resolvers.plain']);
});

test('N10: guards a reference whose resolver the executed copy does not have', async () => {
  const fields: Record<string, SchemaField> = { _entities: { resolve } };
  const types = [createType('Query', fields), createType('Item', {}, { resolveReference: resolve })];
  guard(types);
  const args = { representations: [{ __typename: 'Item' }] };
  const executed = { getTypeMap: () => ({ Item: createType('Item', {}) }) };
  await call(fields._entities?.resolve, {}, args, {}, { schema: executed });
  expect(checked).toEqual(['global SchemaResolver.resolve']);
});
