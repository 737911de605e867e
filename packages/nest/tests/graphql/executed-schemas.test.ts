import { createRequire } from 'node:module';
import { ApolloDriver } from '@nestjs/apollo';
import {
  Field,
  type GqlModuleOptions,
  GraphQLModule,
  GraphQLSchemaHost,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { accessReport, Public, RequireScopes } from '../../src/index.ts';
import { readQuery } from '../support/graphql/graphql.ts';
import { type Adapter, type StartOptions, startApp } from '../support/start/start-app.ts';

// Drivers load the CommonJS files of the package.
const { lexicographicSortSchema, extendSchema, parse } = createRequire(import.meta.url)(
  'graphql',
) as typeof import('graphql');

@ObjectType()
class Item {
  @Field(() => String)
  title!: string;
}

@Resolver(() => Item)
class ItemsResolver {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { title: 'one' };
  }

  @RequireScopes('items:read')
  @Query(() => String)
  secret(): string {
    return 'secret query';
  }

  @RequireScopes('items:read')
  @ResolveField('secret', () => String)
  secretField(): string {
    return 'secret field';
  }
}

const copy = lexicographicSortSchema;

/** Copies a schema, and replaces a resolver of the copy. */
const replace =
  (type: string, field: string) =>
  (schema: GraphQLSchema): GraphQLSchema => {
    const changed = copy(schema);
    const fields = (changed.getType(type) as { getFields?: () => Record<string, object> }).getFields?.();
    Object.assign(fields?.[field] ?? {}, { resolve: () => 'replaced' });
    return changed;
  };

/** Executes another schema than that of its host, as `applyMiddleware()` of `graphql-middleware` does. */
class CopyingDriver extends ApolloDriver {
  override start(options: Parameters<ApolloDriver['start']>[0]): Promise<void> {
    return super.start({ ...options, schema: copy(options.schema as GraphQLSchema) });
  }
}

async function start(
  module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>,
  { adapter = 'fastify', ...options }: StartOptions = {},
) {
  const graphql = { playground: false, autoSchemaFile: true, ...module };
  const started = await startApp(
    { imports: [GraphQLModule.forRoot(graphql)], providers: [ItemsResolver] },
    { adapter, ...options },
  );
  const ask = (query: string, token?: string) => readQuery(started, { query, token });
  return { ...started, ask };
}

const missing = 'An access token is required';
const lacking = "The access token lacks the scope 'items:read'";
const queries = ['{ item { secret } }', '{ secret }'];

interface Case {
  readonly name: string;
  readonly adapter?: Adapter;
  readonly module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>;
}

const mercurius = { driver: MercuriusDriver };
const apollo = { driver: ApolloDriver };
const cases: readonly Case[] = [
  { name: 'schemaTransforms of Mercurius', module: { ...mercurius, schemaTransforms: [copy] } },
  { name: 'a single function in schemaTransforms', module: { ...mercurius, schemaTransforms: copy } },
  {
    name: 'schemaTransforms that replace a query',
    module: { ...mercurius, schemaTransforms: [replace('Query', 'secret')] },
  },
  {
    name: 'schemaTransforms that replace a field',
    module: { ...mercurius, schemaTransforms: [copy, replace('Item', 'secret')] },
  },
  {
    name: 'schemaTransforms with guards on fields',
    module: {
      ...mercurius,
      fieldResolverEnhancers: ['guards'],
      schemaTransforms: [replace('Item', 'secret')],
    },
  },
  { name: 'a driver that copies the schema', adapter: 'express', module: { driver: CopyingDriver } },
  {
    name: 'transformSchema that replaces a query',
    adapter: 'express',
    module: { ...apollo, transformSchema: replace('Query', 'secret') },
  },
  {
    name: 'transformSchema that replaces a field',
    module: { ...mercurius, transformSchema: replace('Item', 'secret') },
  },
  {
    name: 'transformResolvers',
    adapter: 'express',
    module: {
      ...apollo,
      transformResolvers: (all: unknown) =>
        [all].flat().map((each) =>
          (each as { Query?: object }).Query
            ? {
                ...(each as object),
                Query: { ...(each as { Query: object }).Query, secret: () => 'replaced' },
              }
            : each,
        ),
    },
  },
  {
    name: 'a plugin of Apollo that changes the schema',
    adapter: 'express',
    module: {
      ...apollo,
      plugins: [
        {
          serverWillStart: async ({ schema }: { readonly schema: GraphQLSchema }) => {
            for (const type of ['Query', 'Item'])
              Object.assign(
                (schema.getType(type) as { getFields?: () => Record<string, object> }).getFields?.().secret ??
                  {},
                { resolve: () => 'replaced' },
              );
          },
        },
      ],
    },
  },
];

describe.each(cases)('the executed schema: $name', ({ adapter = 'fastify', module }) => {
  test.each(queries)('N15: guards %s', async (query) => {
    const { ask, mint } = await start(module, { adapter });
    expect(await ask(query)).toBe(missing);
    expect(await ask(query, await mint({ scope: 'other' }))).toBe(lacking);
    expect(JSON.stringify(await ask(query, await mint({ scope: 'items:read' })))).toMatch(
      /"secret":"(secret|replaced)/,
    );
    expect(await ask('{ item { title } }')).toEqual({ item: { title: 'one' } });
  });
});

test.each(queries)('N15: guards a copied schema of an AuthModule that is not global: %s', async (query) => {
  const { ask } = await start({ driver: CopyingDriver }, { adapter: 'express', auth: { isGlobal: false } });
  expect(await ask(query)).toBe(missing);
});

test('N15: guards a schema that replaces another one while the application runs', async () => {
  const { app, ask, mint } = await start(mercurius);
  const { graphql } = app.getHttpAdapter().getInstance() as unknown as {
    readonly graphql: { schema: GraphQLSchema; replaceSchema(schema: GraphQLSchema): void };
  };
  graphql.replaceSchema(replace('Query', 'secret')(replace('Item', 'secret')(graphql.schema)));
  for (const query of queries) expect(await ask(query)).toBe(missing);
  const token = await mint({ scope: 'items:read' });
  expect(await ask('{ secret item { secret } }', token)).toEqual({
    secret: 'replaced',
    item: { secret: 'replaced' },
  });
  expect(await ask('{ item { title } }')).toEqual({ item: { title: 'one' } });
});

test('N15: guards resolvers that Mercurius replaces while the application runs', async () => {
  const { app, ask, mint } = await start(mercurius);
  const { graphql } = app.getHttpAdapter().getInstance() as unknown as {
    readonly graphql: { defineResolvers(resolvers: object): void };
  };
  const resolve = () => 'replaced';
  const resolvers = { Query: { secret: resolve }, Item: { secret: resolve }, Missing: {} };
  // Mercurius replaces the resolvers before it finds that a type does not exist.
  expect(() => graphql.defineResolvers(resolvers)).toThrow('Missing');
  for (const query of queries) expect(await ask(query)).toBe(missing);
  expect(await ask('{ secret }', await mint({ scope: 'items:read' }))).toEqual({ secret: 'replaced' });
});

test('N15: guards and reports a query that only the executed schema has', async () => {
  const extend = (schema: GraphQLSchema) =>
    extendSchema(schema, parse('extend type Query { added: String }'));
  const { app, ask, mint } = await start({ ...mercurius, schemaTransforms: [extend] });
  expect(await ask('{ added }')).toBe(missing);
  expect(await ask('{ added }', await mint())).toEqual({ added: null });
  expect(app.get(GraphQLSchemaHost, { strict: false }).schema.getQueryType()?.getFields()).not.toHaveProperty(
    'added',
  );
  expect(accessReport(app)).toContainEqual({
    transport: 'graphql',
    entry: 'Query.added',
    handler: '(schema)',
    requirement: { access: 'protected' },
  });
});

/** Hides the server, as a driver does that does not extend that of Mercurius. */
class HiddenDriver extends MercuriusDriver {
  override get instance() {
    return undefined as never;
  }
}

test('N10: does not start if Mercurius copies the schema and the copy is not visible', async () => {
  await expect(start({ driver: HiddenDriver, schemaTransforms: [copy] })).rejects.toMatchObject({
    code: 'unguarded_handler',
    message: expect.stringMatching(/"schemaTransforms".*ItemsResolver\.secretField/),
  });
});

/** Replaces resolvers of the schema that Nest has created, as a driver with a cache does. */
class CachingDriver extends ApolloDriver {
  override async generateSchema(options: never): Promise<GraphQLSchema> {
    const schema = (await super.generateSchema(options)) as GraphQLSchema;
    Object.assign(schema.getQueryType()?.getFields().secret ?? {}, { resolve: () => 'cached query' });
    const fields = (schema.getType('Item') as { getFields?: () => Record<string, object> }).getFields?.();
    Object.assign(fields?.secret ?? {}, { resolve: () => 'cached field' });
    return schema;
  }
}

test.each([[[]], [['guards']]])(
  'N15: guards the resolvers that generateSchema() of a driver replaces, with fieldResolverEnhancers: %j',
  async (fieldResolverEnhancers) => {
    const { ask, mint } = await start({ driver: CachingDriver, fieldResolverEnhancers });
    const token = await mint({ scope: 'items:read' });
    for (const query of ['{ secret }', '{ item { secret } }']) {
      for (const each of [undefined, await mint()])
        expect(JSON.stringify(await ask(query, each)), query).not.toContain('cached');
      expect(JSON.stringify(await ask(query, token)), query).toContain('cached');
    }
    expect(JSON.stringify(await ask('{ item { title } }'))).toContain('one');
  },
);
