import { ApolloDriver, ApolloFederationDriver } from '@nestjs/apollo';
import { UseGuards } from '@nestjs/common';
import { GraphQLModule, Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { describe, expect, test } from 'vitest';
import { AccessTokenGuard, Public, RequireScopes } from '../../src/index.ts';
import { Item, postQuery, type Reference } from '../support/graphql/graphql.ts';
import { startApp } from '../support/start/start-app.ts';

@Resolver(() => Item)
class ItemsResolver {
  @RequireScopes('items:read')
  @ResolveReference()
  resolveReference({ id }: Reference): Item {
    return { id, secret: `secret of ${id}` };
  }
}

const entities =
  '{ _entities(representations: [{ __typename: "Item", id: "1" }]) { ... on Item { secret } } }';

const options = {
  driver: ApolloFederationDriver,
  playground: false,
  typeDefs: `
    type Query { item(id: ID!): Item! }
    type Item @key(fields: "id") { id: ID!  secret: String! }
  `,
};

describe('federation, with globalGuard: false', () => {
  @UseGuards(AccessTokenGuard)
  @Resolver(() => Item)
  class GuardedResolver {
    @Public()
    @Query(() => Item)
    item(): Reference {
      return { id: '1' };
    }

    @ResolveReference()
    resolveReference({ id }: Reference): Item {
      return { id, secret: 'secret' };
    }
  }

  const start = (additional: object = {}) =>
    startApp(
      {
        imports: [GraphQLModule.forRoot({ ...options, ...additional })],
        providers: [GuardedResolver],
      },
      { auth: { globalGuard: false } },
    );

  test('N16: does not start if Nest does not run a guard, and the error names the option to set', async () => {
    await expect(start()).rejects.toMatchObject({
      code: 'unguarded_handler',
      message:
        'GuardedResolver.resolveReference (_entities Item) requires an access token, but Nest does not run guards on ' +
        'reference resolvers. Set "fieldResolverEnhancers: [\'guards\']" in the options of GraphQLModule.',
    });
  });

  test('N16: guards the handler when the named option is set', async () => {
    const testApp = await start({ fieldResolverEnhancers: ['guards'] });
    const ask = async (token?: string) => (await postQuery(testApp, { query: entities, token })).body;
    expect(await ask()).toMatchObject({ errors: [{ message: 'An access token is required' }] });
    expect(await ask(await testApp.mint())).toEqual({ data: { _entities: [{ secret: 'secret' }] } });
  });
});

test('N10: guards the schemas of several drivers, and one whose options come from a factory', async () => {
  const testApp = await startApp({
    imports: [
      GraphQLModule.forRootAsync({
        driver: ApolloFederationDriver,
        useFactory: () => ({ ...options, path: '/subgraph' }),
      }),
      GraphQLModule.forRoot({
        driver: ApolloDriver,
        playground: false,
        path: '/plain',
        typeDefs: 'type Query { item: Item  raw: String } type Item { id: ID! secret: String }',
        resolvers: { Query: { raw: () => 'raw' } },
      } as never),
    ],
    providers: [ItemsResolver],
  });
  const ask = async (path: string, query: string, token?: string) =>
    (await postQuery(testApp, { path, query, token })).body;
  const errors = [{ message: 'An access token is required' }];
  expect(await ask('/subgraph', entities)).toMatchObject({ errors });
  expect(await ask('/subgraph', entities, await testApp.mint({ scope: 'items:read' }))).toEqual({
    data: { _entities: [{ secret: 'secret of 1' }] },
  });
  expect(await ask('/plain', '{ raw }')).toMatchObject({ errors });
  expect(await ask('/plain', '{ raw }', await testApp.mint())).toEqual({ data: { raw: 'raw' } });
});
