import { createRequire } from 'node:module';
import { ApolloDriver } from '@nestjs/apollo';
import { type GqlModuleOptions, GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type * as graphql from 'graphql';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Public, RequireScopes } from '../../src/index.ts';
import { postQuery } from '../support/graphql/graphql.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

@Resolver('Item')
class ItemsResolver {
  @Public()
  @Query()
  item() {
    return { title: 'one' };
  }

  @RequireScopes('items:read')
  @Query()
  scoped() {
    return 'scoped';
  }

  @RequireScopes('items:read')
  @ResolveField()
  secret() {
    return 'secret';
  }
}

@Resolver('Root')
class RootResolver {
  @ResolveField()
  renamed() {
    return 'renamed';
  }

  @Public()
  @ResolveField()
  open() {
    return 'open';
  }
}

interface Server {
  readonly name: string;
  readonly adapter: Adapter;
  readonly module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>;
}

const servers: readonly Server[] = [
  { name: 'Apollo on Express', adapter: 'express', module: { driver: ApolloDriver, playground: false } },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: { driver: ApolloDriver, playground: false } },
  { name: 'Mercurius on Fastify', adapter: 'fastify', module: { driver: MercuriusDriver } },
];

describe.each(servers)('schema first: $name', ({ adapter, module }) => {
  async function start(options: Record<string, unknown>, providers: (new () => object)[] = []) {
    const graphql = GraphQLModule.forRoot({ ...module, ...options });
    const testApp = await startApp({ imports: [graphql], providers }, { adapter });
    const query = async (text: string, token?: string) =>
      (await postQuery<Record<string, unknown>>(testApp, { query: text, token })).body;
    return { ...testApp, query };
  }

  test('N15: requires a token for a root field that is not a method of a resolver class', async () => {
    const { query, mint } = await start(
      {
        typeDefs: `
          type Query { item: Item  raw: String  scoped: String  named(name: String): Named }
          type Mutation { write(text: String): String }
          type Item { title: String! secret: String plain: String }
          type Named { name: String }
        `,
        resolvers: {
          Query: { raw: () => 'raw', named: (_: unknown, { name }: { name: string }) => ({ name }) },
          Mutation: { write: (_: unknown, { text }: { text: string }) => text },
          Item: { plain: () => 'from options' },
        },
      },
      [ItemsResolver],
    );
    for (const [text, data] of [
      ['{ raw }', { raw: 'raw' }],
      ['{ named(name: "a") { name } }', { named: { name: 'a' } }],
      ['mutation { write(text: "b") }', { write: 'b' }],
    ] as const) {
      const result = await query(text);
      expect(result).toMatchObject({ errors: [{ message: 'An access token is required' }] });
      expect(result.data).not.toEqual(data);
      expect(await query(text, await mint())).toEqual({ data });
    }
    // Methods of resolver classes keep their decorators.
    expect(await query('{ item { title plain } }')).toEqual({
      data: { item: { title: 'one', plain: 'from options' } },
    });
    expect(await query('{ item { secret } }')).toMatchObject({ data: { item: { secret: null } } });
  });

  test('N15: guards a root type with another name', async () => {
    const { query, mint } = await start(
      { typeDefs: 'schema { query: Root } type Root { renamed: String open: String }' },
      [RootResolver],
    );
    expect(await query('{ renamed }')).toMatchObject({
      data: { renamed: null },
      errors: [{ message: 'An access token is required' }],
    });
    expect(await query('{ renamed }', await mint())).toEqual({ data: { renamed: 'renamed' } });
    expect(await query('{ open }')).toEqual({ data: { open: 'open' } });
  });

  test('N15: keeps the requirement of a method that a root field of the options replaces', async () => {
    const { query, mint } = await start(
      {
        typeDefs: 'type Query { scoped: String item: Item } type Item { title: String secret: String }',
        resolvers: { Query: { scoped: () => 'replaced' } },
      },
      [ItemsResolver],
    );
    expect(await query('{ scoped }')).toMatchObject({ errors: [{ message: 'An access token is required' }] });
    expect(await query('{ scoped }', await mint())).toMatchObject({
      errors: [{ message: "The access token lacks the scope 'items:read'" }],
    });
    const { data } = await query('{ scoped }', await mint({ scope: 'items:read' }));
    expect(data?.scoped).toEqual(expect.any(String));
  });

  test('N15: guards a schema of the options, even if a method of the same name has a guard', async () => {
    // Nest and the drivers load the CommonJS copy of the package.
    const { buildSchema } = createRequire(import.meta.url)('graphql') as typeof graphql;
    const schema = buildSchema('type Query { item: String scoped: String }');
    const fields = schema.getQueryType()?.getFields() ?? {};
    for (const [name, field] of Object.entries(fields)) field.resolve = () => `prebuilt ${name}`;
    const { query, mint } = await start({ schema }, [ItemsResolver]);
    expect(await query('{ scoped }')).toMatchObject({ errors: [{ message: 'An access token is required' }] });
    expect(await query('{ scoped }', await mint({ scope: 'items:read' }))).toEqual({
      data: { scoped: 'prebuilt scoped' },
    });
    // A method with the same name is public.
    expect(await query('{ item }')).toEqual({ data: { item: 'prebuilt item' } });
  });

  test('N15: rejects an operation whose context has no request', async () => {
    const { query, mint } = await start({
      typeDefs: 'type Query { raw: String }',
      resolvers: { Query: { raw: () => 'raw' } },
      context: () => ({ req: {} }),
    });
    expect(await query('{ raw }', await mint())).toMatchObject({
      data: { raw: null },
      errors: [{ message: 'Forbidden' }],
    });
  });

  test('N15: requires a token for a subscription of the options', async () => {
    const ticks = {
      subscribe: async function* () {
        yield { ticks: 'one' };
      },
    };
    const { url, mint } = await start({
      typeDefs: 'type Query { raw: String } type Subscription { ticks: String }',
      resolvers: { Subscription: { ticks } },
      subscriptions: { 'graphql-ws': true },
      subscription: { fullWsTransport: true },
    });
    const subscribe = async (authorization?: string) => {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { ...(authorization && { authorization }) },
      });
      const result = await new Promise<unknown>((resolve) => {
        client.subscribe(
          { query: 'subscription { ticks }' },
          { next: resolve, error: (errors) => resolve({ errors }), complete: () => {} },
        );
      });
      await client.dispose();
      return result;
    };
    expect(await subscribe()).toMatchObject({ errors: [{ message: 'An access token is required' }] });
    expect(await subscribe(`Bearer ${await mint()}`)).toMatchObject({ data: { ticks: 'one' } });
  });
});
