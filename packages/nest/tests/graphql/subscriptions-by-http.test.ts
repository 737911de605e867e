import { ApolloDriver } from '@nestjs/apollo';
import {
  Field,
  GraphQLModule,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { beforeEach, expect, test } from 'vitest';
import { Public, RequireScopes } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

// Drivers execute a subscription that is sent by HTTP like a query: they call `resolve` without `subscribe`.

@ObjectType()
class Item {
  @Field(() => String)
  id!: string;
}

let loaded: string[] = [];
beforeEach(() => {
  loaded = [];
});

const load = (id: string) => {
  loaded.push(id);
  return [{ id }];
};

@Resolver(() => Item)
class ItemsResolver {
  @Query(() => String)
  me() {
    return 'me';
  }

  // The event is only a signal; the value is loaded for each subscriber.
  @Subscription(() => [Item], { resolve: () => load('a') })
  async *items() {
    yield {};
  }

  @RequireScopes('items:read')
  @Subscription(() => [Item], { resolve: () => load('b') })
  async *privateItems() {
    yield {};
  }

  @Public()
  @Subscription(() => [Item], { resolve: () => load('c') })
  async *publicItems() {
    yield {};
  }

  // Without a requirement of its own, it runs only below an operation that was allowed.
  @ResolveField(() => String)
  price(@Parent() item: Item) {
    loaded.push(item.id);
    return `price of ${item.id}`;
  }
}

const apollo = ['express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }] as const;
const mercurius = ['fastify', { driver: MercuriusDriver, subscription: true }] as const;

test.each([
  ['Apollo', apollo, {}],
  ['Apollo with guarded fields', apollo, { fieldResolverEnhancers: ['guards'] }],
  ['Apollo with a root value', apollo, { rootValue: { items: [{ id: 'd' }] } }],
  ['Mercurius', mercurius, {}],
  ['Mercurius with compiled queries', mercurius, { jit: 1 }],
] as const)('N14: %s runs no resolver of a subscription that is sent by HTTP', async (_, driver, more) => {
  const [adapter, options] = driver;
  const { url } = await startApp(
    {
      imports: [GraphQLModule.forRoot({ ...options, ...more, autoSchemaFile: true } as never)],
      providers: [ItemsResolver],
    },
    { adapter },
  );
  for (const field of ['items', 'privateItems', 'publicItems', 'first: items', '...on Subscription { items'])
    for (const selection of ['{ id }', '{ id price }'])
      for (let calls = 0; calls < 3; calls++) {
        const query = `subscription { ${field} ${selection} }${field.startsWith('...') ? ' }' : ''}`;
        const headers = { 'content-type': 'application/json', accept: 'application/json' };
        const response = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ query }),
        });
        const text = await response.text();
        expect(text).not.toContain('"id":');
        expect(text).toContain('errors');
        await (await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers })).text();
      }
  expect(loaded).toEqual([]);
});
