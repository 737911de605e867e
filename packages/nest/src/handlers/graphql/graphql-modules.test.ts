import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { checkMissingSchema } from './check-schema.ts';
import { listGraphqlModules } from './graphql-modules.ts';

const schema = buildSchema('type Query { item: String }');

/** A class of the application that provides options, and has an accessor of the same name. */
class OptionsFactory {
  get schema() {
    return { file: 'schema.graphql' };
  }
}

function createModules(providers: readonly (readonly [token: unknown, instance: unknown])[], options = {}) {
  const wrappers = new Map(providers.map(([token, instance]) => [token, { instance }]));
  wrappers.set('GqlModuleOptions', { instance: options });
  return new Map([['GraphQLModule', { providers: wrappers }]]) as unknown as ModulesContainer;
}

function createHost(value?: object): GraphQLSchemaHost {
  const host = new GraphQLSchemaHost();
  if (value) host.schema = value as never;
  return host;
}

function rename(type: Type, name: string): Type {
  const renamed = class extends type {};
  Object.defineProperties(renamed.prototype, Object.getOwnPropertyDescriptors(type.prototype));
  return Object.defineProperty(renamed, 'name', { value: name });
}

test.each(['GraphQLSchemaHost', 'GraphQLSchemaHost2', 't', ''])(
  'N10: finds the schema of a host class with the name "%s"',
  (name) => {
    const modules = createModules([
      [OptionsFactory, new OptionsFactory()],
      [rename(GraphQLSchemaHost, name), createHost(schema)],
    ]);
    expect(listGraphqlModules(modules)).toMatchObject([{ schema, hasSchemaHost: true, isGateway: false }]);
  },
);

test('N10: uses neither an accessor without a setter nor a value that is not a schema', () => {
  const others = [
    [OptionsFactory, new OptionsFactory()],
    ['GraphQLSchemaHost', createHost(schema)],
  ] as const;
  expect(listGraphqlModules(createModules(others))).toMatchObject([
    { schema: undefined, hasSchemaHost: false },
  ]);
  for (const instance of [createHost(), createHost({}), undefined]) {
    expect(listGraphqlModules(createModules([[GraphQLSchemaHost, instance]]))).toMatchObject([
      { schema: undefined, hasSchemaHost: true },
    ]);
  }
});

test('N10: recognizes a gateway by its options', () => {
  const modules = createModules([[GraphQLSchemaHost, createHost()]], { gateway: {} });
  expect(listGraphqlModules(modules)).toMatchObject([{ isGateway: true }]);
});

const createHandler = (kind: 'root' | 'field' | 'reference') => ({
  transport: 'graphql' as const,
  owner: OptionsFactory as Type,
  methodName: 'secret',
  method: () => {},
  entries: [],
  graphql: { kind, type: 'Item', field: 'secret' },
});

test.each(['field', 'reference'] as const)(
  'N10, N14: rejects a module without a schema if a %s needs the guard',
  (kind) => {
    expect(() =>
      checkMissingSchema({ hasSchemaHost: true, isGateway: false }, [createHandler(kind)]),
    ).toThrow(
      expect.objectContaining({
        code: 'unguarded_handler',
        message: expect.stringContaining('OptionsFactory.secret'),
      }),
    );
  },
);

test('N10: rejects a module whose schema host is not found, even without handlers', () => {
  for (const isGateway of [true, false]) {
    expect(() => checkMissingSchema({ hasSchemaHost: false, isGateway }, [])).toThrow(
      expect.objectContaining({
        code: 'unguarded_handler',
        message: expect.stringContaining('GraphQLSchemaHost'),
      }),
    );
  }
});

test('N10: accepts a gateway, and a module without a schema whose handlers Nest guards', () => {
  checkMissingSchema({ hasSchemaHost: true, isGateway: true }, [createHandler('reference')]);
  checkMissingSchema({ hasSchemaHost: true, isGateway: false }, [createHandler('root')]);
});
