import { ApolloDriver } from '@nestjs/apollo';
import { Injectable, Scope, UseGuards } from '@nestjs/common';
import {
  Field,
  type GqlModuleOptions,
  GraphQLModule,
  InterfaceType,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import {
  AccessTokenGuard,
  OptionalAuth,
  Principal,
  Protected,
  Public,
  RequireScopes,
} from '../../src/index.ts';
import { postQuery } from '../support/graphql/graphql.ts';
import { type Adapter, type StartOptions, startApp } from '../support/start/start-app.ts';

@InterfaceType({ resolveType: () => Item })
abstract class Priced {
  @Field(() => String, { nullable: true })
  price?: string;
}

@ObjectType({ implements: () => [Priced] })
class Item extends Priced {
  @Field(() => String)
  title!: string;

  @Field(() => String, { nullable: true })
  secret?: string;

  @Field(() => String, { nullable: true })
  owner?: string;

  @Field(() => String, { nullable: true })
  visitor?: string;

  @Field(() => String, { nullable: true })
  plain?: string;

  @Field(() => String, { nullable: true })
  inherited?: string;

  @Field(() => String, { nullable: true })
  scoped?: string;
}

abstract class BaseResolver {
  @RequireScopes('items:read')
  inherited(): string {
    return 'base';
  }
}

@Resolver(() => Item)
class ItemsResolver extends BaseResolver {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { title: 'one' };
  }

  @RequireScopes('items:read')
  @ResolveField(() => String, { nullable: true })
  secret(@Parent() { title }: Item): string {
    return `secret of ${title}`;
  }

  /** No parameter has a decorator. Nest calls such a resolver through a shorter code path. */
  @Protected()
  @ResolveField(() => String, { nullable: true })
  owner(): string {
    return 'owner';
  }

  @OptionalAuth()
  @ResolveField(() => String, { nullable: true })
  visitor(@Principal('sub') sub?: string): string {
    return sub ?? 'anonymous';
  }

  @ResolveField(() => String, { nullable: true })
  plain(): string {
    return 'plain';
  }

  @ResolveField(() => String, { nullable: true })
  override inherited(): string {
    return 'inherited';
  }
}

@Resolver(() => Priced)
class PricedResolver {
  @RequireScopes('items:read')
  @ResolveField(() => String, { nullable: true })
  price(): string {
    return 'price';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Requested {}

@RequireScopes('items:read')
@Resolver(() => Item)
class ScopedResolver {
  constructor(readonly requested: Requested) {}

  @ResolveField(() => String, { nullable: true })
  scoped(): string {
    return `scoped ${this.requested instanceof Requested}`;
  }
}

type Data = { readonly item?: Record<string, unknown> } & Record<string, unknown>;

interface Server {
  readonly name: string;
  readonly adapter: Adapter;
  readonly module: Pick<GqlModuleOptions, 'driver'> & Record<string, unknown>;
}

const apollo = { driver: ApolloDriver, playground: false, autoSchemaFile: true };
const servers: readonly Server[] = [
  { name: 'Apollo on Express', adapter: 'express', module: apollo },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: apollo },
  {
    name: 'Mercurius on Fastify',
    adapter: 'fastify',
    module: { driver: MercuriusDriver, autoSchemaFile: true },
  },
  {
    name: 'Mercurius with compiled queries',
    adapter: 'fastify',
    module: { driver: MercuriusDriver, autoSchemaFile: true, jit: 1 },
  },
];

const resolvers = [ItemsResolver, PricedResolver, ScopedResolver, Requested];

async function startServer(
  { adapter, module }: Omit<Server, 'name'>,
  options: StartOptions & { readonly providers?: object[] } = {},
) {
  const { providers = resolvers, ...others } = options;
  const graphql = GraphQLModule.forRoot({
    buildSchemaOptions: { orphanedTypes: [Item, Priced] },
    inheritResolversFromInterfaces: true,
    ...module,
  });
  const testApp = await startApp(
    { imports: [graphql], providers: providers as never },
    { adapter, ...others },
  );
  const query = async (text: string, token?: string) =>
    (await postQuery<Data>(testApp, { query: text, token })).body;
  return { ...testApp, query };
}

describe.each(servers)('fields: $name', (server) => {
  test.each([undefined, ['guards']])(
    'N14: guards a field that has a requirement (fieldResolverEnhancers: %s)',
    async (enhancers) => {
      const { query, mint } = await startServer({
        ...server,
        module: { ...server.module, fieldResolverEnhancers: enhancers },
      });
      const good = await mint({ scope: 'items:read' });
      const values = {
        secret: 'secret of one',
        owner: 'owner',
        inherited: 'inherited',
        scoped: 'scoped true',
        price: 'price',
      };
      for (const [field, value] of Object.entries(values)) {
        const text = `{ item { title ${field} } }`;
        // Twice, because Mercurius compiles a query at its second execution.
        for (const _ of [1, 2]) {
          expect(await query(text), field).toMatchObject({
            data: { item: { title: 'one', [field]: null } },
            errors: [{ message: 'An access token is required' }],
          });
        }
        expect(
          await query(text, await mint({ scope: 'items:read' }, { foreignKey: true })),
          field,
        ).toMatchObject({
          data: { item: { [field]: null } },
          errors: [{ message: 'The signature of the access token is not valid' }],
        });
        if (field !== 'owner')
          expect(await query(text, await mint()), field).toMatchObject({
            data: { item: { [field]: null } },
            errors: [{ message: "The access token lacks the scope 'items:read'" }],
          });
        expect(await query(text, good), field).toEqual({ data: { item: { title: 'one', [field]: value } } });
      }
    },
  );

  test('N14: passes the principal to a field with @OptionalAuth(), and rejects an invalid token', async () => {
    const { query, mint } = await startServer(server);
    const text = '{ item { visitor } }';
    expect(await query(text)).toEqual({ data: { item: { visitor: 'anonymous' } } });
    expect(await query(text, await mint())).toEqual({ data: { item: { visitor: 'alice' } } });
    expect(await query(text, 'nonsense')).toMatchObject({ data: { item: { visitor: null } } });
  });

  test('runs a field without a requirement if its query is allowed', async () => {
    const { query } = await startServer(server);
    expect(await query('{ item { title plain } }')).toEqual({
      data: { item: { title: 'one', plain: 'plain' } },
    });
  });

  test('N15: keeps a requirement when a resolver of the options replaces the method', async () => {
    const { query, mint } = await startServer({
      ...server,
      module: {
        ...server.module,
        resolvers: { Item: { secret: () => 'replaced' } },
        fieldResolverEnhancers: ['guards'],
      },
    });
    expect(await query('{ item { secret } }')).toMatchObject({ data: { item: { secret: null } } });
    const { data } = await query('{ item { secret } }', await mint({ scope: 'items:read' }));
    expect(data?.item?.secret).toEqual(expect.any(String));
  });
});

@UseGuards(AccessTokenGuard)
@Resolver(() => Item)
class ExplicitlyGuardedResolver {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { title: 'one' };
  }

  @RequireScopes('items:read')
  @ResolveField(() => String, { nullable: true })
  secret(): string {
    return 'secret';
  }
}

describe('fields, with globalGuard: false', () => {
  const auth = { globalGuard: false };
  const providers = [ExplicitlyGuardedResolver];

  test('N16: does not start if Nest does not guard a field, and the error names the option to set', async () => {
    const server = { adapter: 'express', module: apollo } as const;
    await expect(startServer(server, { auth, providers })).rejects.toMatchObject({
      code: 'unguarded_handler',
      message:
        'ExplicitlyGuardedResolver.secret (Item.secret) requires an access token, but Nest does not run guards on ' +
        'field resolvers. Set "fieldResolverEnhancers: [\'guards\']" in the options of GraphQLModule.',
    });
  });

  test('N16: guards the handler when the named option is set', async () => {
    const module = { ...apollo, fieldResolverEnhancers: ['guards'] };
    const { query, mint } = await startServer({ adapter: 'express', module }, { auth, providers });
    expect(await query('{ item { secret } }')).toMatchObject({ data: { item: { secret: null } } });
    expect(await query('{ item { secret } }', await mint({ scope: 'items:read' }))).toEqual({
      data: { item: { secret: 'secret' } },
    });
  });
});
