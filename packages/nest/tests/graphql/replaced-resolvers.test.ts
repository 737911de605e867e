import { ApolloDriver, ApolloFederationDriver } from '@nestjs/apollo';
import {
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Public, RequireScopes } from '../../src/index.ts';
import { Item as Entity, type GraphQLResult, postQuery, type Reference } from '../support/graphql/graphql.ts';
import { ReplaceMethod } from '../support/replace-method.ts';
import { startApp } from '../support/start/start-app.ts';

// Another decorator replaces the function of a resolver, or a class overrides it.

@ObjectType()
class Item {
  @Field(() => String, { nullable: true })
  replaced?: string;

  @Field(() => String, { nullable: true })
  overridden?: string;
}

abstract class BaseResolver {
  @RequireScopes('items:read')
  queried(): string {
    return 'base';
  }

  @RequireScopes('items:read')
  mutated(): string {
    return 'base';
  }

  @RequireScopes('items:read')
  async *ticked(): AsyncGenerator<object> {
    yield { overriddenTicks: 'base' };
  }

  @RequireScopes('items:read')
  overridden(): string {
    return 'base';
  }
}

abstract class BaseReferenceResolver {
  @RequireScopes('items:read')
  resolveReference({ id }: Reference): Entity {
    return { id, secret: 'base' };
  }
}

@Resolver(() => Item)
class ItemsResolver extends BaseResolver {
  @Public()
  @Query(() => Item)
  item(): Item {
    return {};
  }

  @Query(() => String)
  @ReplaceMethod()
  @RequireScopes('items:read')
  replacedQuery() {
    return 'done';
  }

  @Query(() => String, { name: 'overriddenQuery' })
  override queried() {
    return 'done';
  }

  @Mutation(() => String)
  @ReplaceMethod()
  @RequireScopes('items:read')
  replacedMutation() {
    return 'done';
  }

  @Mutation(() => String, { name: 'overriddenMutation' })
  override mutated() {
    return 'done';
  }

  @Subscription(() => String)
  @ReplaceMethod()
  @RequireScopes('items:read')
  async *replacedTicks() {
    yield { replacedTicks: 'done' };
  }

  @Subscription(() => String, { name: 'overriddenTicks' })
  override async *ticked() {
    yield { overriddenTicks: 'done' };
  }

  @ResolveField(() => String, { nullable: true })
  @ReplaceMethod()
  @RequireScopes('items:read')
  replaced() {
    return 'done';
  }

  @ResolveField(() => String, { nullable: true })
  override overridden() {
    return 'done';
  }
}

@Resolver(() => Entity)
class ReplacedReferenceResolver {
  @Public()
  @Query(() => String)
  open(): string {
    return 'open';
  }

  @ResolveReference()
  @ReplaceMethod()
  @RequireScopes('items:read')
  resolveReference({ id }: Reference): Entity {
    return { id, secret: 'done' };
  }
}

@Resolver(() => Entity)
class OverriddenReferenceResolver extends BaseReferenceResolver {
  @Public()
  @Query(() => String)
  open(): string {
    return 'open';
  }

  @ResolveReference()
  override resolveReference({ id }: Reference): Entity {
    return { id, secret: 'done' };
  }
}

const insufficient = [{ message: expect.stringContaining('scope') }];
const missing = [{ message: 'An access token is required' }];

describe.each([
  ['Apollo', 'express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }],
  ['Mercurius', 'fastify', { driver: MercuriusDriver, subscription: { fullWsTransport: true } }],
] as const)('%s', (_, adapter, options) => {
  const start = () =>
    startApp(
      {
        imports: [GraphQLModule.forRoot({ ...options, autoSchemaFile: true } as never)],
        providers: [ItemsResolver],
      },
      { adapter },
    );

  test.each([
    'query { replacedQuery }',
    'query { overriddenQuery }',
    'mutation { replacedMutation }',
    'mutation { overriddenMutation }',
    'query { item { replaced } }',
    'query { item { overridden } }',
  ])('N11, N12: keeps the requirement of %s', async (query) => {
    const app = await start();
    const ask = async (token?: string) => (await postQuery(app, { query, token })).body;
    expect((await ask()).errors).toMatchObject(missing);
    expect((await ask(await app.mint({ scope: 'other' }))).errors).toMatchObject(insufficient);
    const { data, errors } = await ask(await app.mint({ scope: 'items:read' }));
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).toContain('done');
  });

  test.each(['replacedTicks', 'overriddenTicks'])(
    'N11, N12: keeps the requirement of the subscription %s',
    async (name) => {
      const app = await start();
      const subscribe = (token: string) =>
        new Promise<GraphQLResult>((resolve) => {
          const client = createClient({
            url: `${app.url.replace('http', 'ws')}/graphql`,
            webSocketImpl: WebSocket,
            connectionParams: { authorization: `Bearer ${token}` },
            retryAttempts: 0,
          });
          const settle = (result: unknown) => {
            resolve(result as GraphQLResult);
            void client.dispose();
          };
          client.subscribe(
            { query: `subscription { ${name} }` },
            { next: settle, error: (error) => settle({ errors: [error].flat() }), complete: () => {} },
          );
        });
      expect((await subscribe(await app.mint({ scope: 'other' }))).errors).toMatchObject(insufficient);
      expect(await subscribe(await app.mint({ scope: 'items:read' }))).toEqual({ data: { [name]: 'done' } });
    },
  );
});

test.each([
  ['a replaced', ReplacedReferenceResolver],
  ['an overridden', OverriddenReferenceResolver],
] as const)('N11, N12: keeps the requirement of %s reference resolver', async (_name, resolver) => {
  const app = await startApp({
    imports: [
      GraphQLModule.forRoot({
        driver: ApolloFederationDriver,
        autoSchemaFile: { federation: 2 },
        buildSchemaOptions: { orphanedTypes: [Entity] },
      } as never),
    ],
    providers: [resolver],
  });
  const query =
    '{ _entities(representations: [{ __typename: "Item", id: "1" }]) { ... on Item { secret } } }';
  const ask = async (token?: string) => (await postQuery(app, { query, token })).body;
  expect((await ask()).errors).toMatchObject(missing);
  expect((await ask(await app.mint({ scope: 'other' }))).errors).toMatchObject(insufficient);
  expect(await ask(await app.mint({ scope: 'items:read' }))).toEqual({
    data: { _entities: [{ secret: 'done' }] },
  });
});
