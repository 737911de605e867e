import { ApolloFederationDriver } from '@nestjs/apollo';
import {
  Args,
  Directive,
  Field,
  type GqlModuleOptions,
  GraphQLModule,
  ID,
  InterfaceType,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusFederationDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import { Policy, Principal, Public, RequireScopes } from '../../src/index.ts';
import { Item, postQuery, type Reference } from '../support/graphql/graphql.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

@ObjectType()
@Directive('@key(fields: "id")')
class Page {
  @Field(() => ID)
  id!: string;
}

/** An entity without a reference resolver: the library returns the reference itself. */
@ObjectType()
@Directive('@key(fields: "id")')
class Account {
  @Field(() => ID)
  id!: string;
}

@InterfaceType({ resolveType: () => Book })
@Directive('@key(fields: "id")')
abstract class Media {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ implements: () => [Media] })
@Directive('@key(fields: "id")')
class Book extends Media {}

@Resolver(() => Item)
class ItemsResolver {
  @Query(() => Item)
  item(@Args('id', { type: () => ID }) id: string): Reference {
    return { id };
  }

  @RequireScopes('items:read')
  @Policy((principal, context) => context.getArgByIndex<Reference>(0).id !== `not-${principal.sub}`)
  @ResolveReference()
  resolveReference({ id }: Reference): Item {
    return { id, secret: `secret of ${id}` };
  }
}

@Resolver(() => Page)
class PagesResolver {
  @Public()
  @Query(() => Page)
  page(): Reference {
    return { id: '1' };
  }

  @Public()
  @ResolveReference()
  resolveReference(reference: Reference): Reference {
    return reference;
  }
}

@Resolver(() => Account)
class AccountsResolver {
  @Public()
  @Query(() => String)
  open(): string {
    return 'open';
  }

  @ResolveField(() => String)
  balance(@Parent() { id }: Reference): string {
    return `balance of ${id}`;
  }
}

@Resolver(() => Book)
class BooksResolver {
  @ResolveReference()
  resolveReference(@Parent() { id }: Reference, @Principal('sub') sub: string): Reference {
    return { id: `${id} for ${sub}` };
  }
}

interface Entities {
  readonly _entities?: readonly unknown[];
}

const codeFirst = {
  autoSchemaFile: { federation: 2 },
  buildSchemaOptions: { orphanedTypes: [Item, Page, Account, Book, Media] },
};
const schemaFirst = {
  typeDefs: `
    type Query { item(id: ID!): Item!  page: Page!  open: String! }
    type Item @key(fields: "id") { id: ID!  secret: String! }
    type Page @key(fields: "id") { id: ID! }
    type Account @key(fields: "id") { id: ID!  balance: String! }
    interface Media @key(fields: "id") { id: ID! }
    type Book implements Media @key(fields: "id") { id: ID! }
  `,
  resolvers: { Media: { __resolveType: () => 'Book' } },
};

interface Server {
  readonly name: string;
  readonly adapter: Adapter;
  readonly module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>;
}

const apollo = { driver: ApolloFederationDriver, playground: false };
const servers: readonly Server[] = [
  { name: 'Apollo on Express', adapter: 'express', module: { ...apollo, ...codeFirst } },
  { name: 'Apollo on Express, schema first', adapter: 'express', module: { ...apollo, ...schemaFirst } },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: { ...apollo, ...codeFirst } },
  // In code-first mode, this driver passes the schema in a form that `@apollo/subgraph` does not accept.
  {
    name: 'Mercurius on Fastify, schema first',
    adapter: 'fastify',
    module: { driver: MercuriusFederationDriver, ...schemaFirst },
  },
];

describe.each(servers)('federation: $name', ({ adapter, module }) => {
  async function start(options: Record<string, unknown> = {}) {
    const testApp = await startApp(
      {
        imports: [GraphQLModule.forRoot({ ...module, ...options })],
        providers: [ItemsResolver, PagesResolver, AccountsResolver, BooksResolver],
      },
      { adapter },
    );
    const query = async (text: string, token?: string, variables?: object) => {
      const request = { query: text, token, variables };
      return (await postQuery<Entities | null>(testApp, request)).body;
    };
    const entities = (selection: string, token?: string, ...references: object[]) =>
      query(
        `query ($references: [_Any!]!) { _entities(representations: $references) { __typename ${selection} } }`,
        token,
        { references },
      );
    return { ...testApp, query, entities };
  }

  const item = { __typename: 'Item', id: '1' };
  const secret = '... on Item { secret }';
  const rejected = { _entities: [null] };

  test.each([undefined, ['guards']])(
    'N10: guards a reference resolver like a query (fieldResolverEnhancers: %s)',
    async (enhancers) => {
      const { entities, mint } = await start({ fieldResolverEnhancers: enhancers });
      const anonymous = await entities(secret, undefined, item);
      expect(anonymous).toMatchObject({
        data: rejected,
        errors: [{ message: 'An access token is required' }],
      });
      expect(JSON.stringify(anonymous)).not.toContain('secret of');
      const foreign = await mint({ scope: 'items:read' }, { foreignKey: true });
      expect(await entities(secret, foreign, item)).toMatchObject({
        data: rejected,
        errors: [{ message: 'The signature of the access token is not valid' }],
      });
      expect(await entities(secret, await mint(), item)).toMatchObject({
        data: rejected,
        errors: [{ message: "The access token lacks the scope 'items:read'" }],
      });
      const good = await mint({ scope: 'items:read' });
      expect(await entities(secret, good, item)).toEqual({
        data: { _entities: [{ __typename: 'Item', secret: 'secret of 1' }] },
      });
      // The context of a policy contains the reference.
      expect(await entities(secret, good, { ...item, id: 'not-alice' })).toMatchObject({
        data: rejected,
        errors: [{ message: 'Access is denied' }],
      });
    },
  );

  test('N10: returns null for a rejected reference among others', async () => {
    const { entities, mint } = await start();
    const page = { __typename: 'Page', id: '1' };
    expect(await entities('', undefined, page)).toEqual({ data: { _entities: [{ __typename: 'Page' }] } });
    for (const references of [
      [page, item],
      [item, page],
    ]) {
      const { data, errors } = await entities(secret, undefined, ...references);
      const expectedEntities = references.map((each) => (each === page ? { __typename: 'Page' } : null));
      expect(data).toEqual({ _entities: expectedEntities });
      expect(errors).toMatchObject([{ message: 'An access token is required' }]);
    }
    expect(await entities(secret, await mint({ scope: 'items:read' }), page, item)).toMatchObject({
      data: { _entities: [{ __typename: 'Page' }, { secret: 'secret of 1' }] },
    });
  });

  test('N10: requires a token for an entity without a reference resolver', async () => {
    const { entities, mint } = await start();
    const account = { __typename: 'Account', id: '1' };
    const balance = '... on Account { balance }';
    expect(await entities(balance, undefined, account)).toMatchObject({
      data: null,
      errors: [{ message: 'An access token is required' }],
    });
    expect(await entities(balance, await mint(), account)).toEqual({
      data: { _entities: [{ __typename: 'Account', balance: 'balance of 1' }] },
    });
  });

  test('N10: guards the resolver that a reference of an interface selects', async () => {
    const { entities, mint } = await start();
    const id = '... on Book { id }';
    for (const __typename of ['Book', 'Media']) {
      const result = await entities(id, undefined, { __typename, id: '1' });
      expect(result).toMatchObject({ errors: [{ message: 'An access token is required' }] });
      expect(JSON.stringify(result)).not.toContain('1 for');
    }
    expect(await entities(id, await mint(), { __typename: 'Book', id: '1' })).toEqual({
      data: { _entities: [{ __typename: 'Book', id: '1 for alice' }] },
    });
  });

  test('N10: keeps the requirement of a method that a reference resolver of the options replaces', async () => {
    if (!('typeDefs' in module)) return;
    const { entities, mint } = await start({
      fieldResolverEnhancers: ['guards'],
      resolvers: {
        ...schemaFirst.resolvers,
        Item: { __resolveReference: ({ id }: Reference) => ({ id, secret: 'replaced' }) },
      },
    });
    const result = await entities(secret, undefined, item);
    expect(result).toMatchObject({ errors: [{ message: 'An access token is required' }] });
    const { data } = await entities(secret, await mint({ scope: 'items:read' }), item);
    expect(data?._entities).toEqual([{ __typename: 'Item', secret: expect.any(String) }]);
  });

  test('N10: rejects references of an unknown type', async () => {
    const { entities } = await start();
    for (const __typename of ['Nothing', '__proto__', 'constructor', 5, null])
      expect(await entities('', undefined, { __typename, id: '1' })).toMatchObject({ data: null });
  });

  test('guards the queries of a subgraph', async () => {
    const { query, mint } = await start();
    expect(await query('{ page { id } open }')).toEqual({ data: { page: { id: '1' }, open: 'open' } });
    expect(await query('{ item(id: "1") { id } }')).toMatchObject({ data: null });
    expect(await query('{ item(id: "1") { id } }', await mint())).toEqual({ data: { item: { id: '1' } } });
    expect(await query('{ _service { sdl } }')).toMatchObject({
      data: { _service: { sdl: expect.stringContaining('type Item') } },
    });
  });
});
