import { createTestAuthorizationServer } from '@countersign/testing';
import { ApolloDriver, ApolloFederationDriver } from '@nestjs/apollo';
import { Injectable, Scope, type Type, UseGuards } from '@nestjs/common';
import {
  Directive,
  Field,
  GraphQLModule,
  ID,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import {
  AccessTokenGuard,
  AuthModule,
  type AuthModuleOptions,
  Principal,
  Public,
  RequireScopes,
} from '../../src/index.ts';
import { audience, type StartOptions, startApp } from '../support/start/start-app.ts';

@ObjectType()
@Directive('@key(fields: "id")')
class Item {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  detail?: string;
}

@Injectable()
class DerivedGuard extends AccessTokenGuard {}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends AccessTokenGuard {}

/** A public query, a reference resolver and a field, with the guard on the class. */
@UseGuards(AccessTokenGuard)
@Resolver(() => Item)
class GuardedClass {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { id: 'from query' };
  }

  @RequireScopes('items:read')
  @ResolveReference()
  resolveReference(_: object, @Principal('sub') sub: string) {
    return { id: `reference for ${sub}` };
  }

  @ResolveField(() => String, { nullable: true })
  detail(@Principal('sub') sub?: string) {
    return `detail for ${sub}`;
  }
}

/** Creates a resolver with a public query and a guard on the method of a field. */
function createFieldResolver(guard: Type | AccessTokenGuard) {
  @Resolver(() => Item)
  class FieldResolver {
    @Public()
    @Query(() => Item)
    item(): Item {
      return { id: 'from query' };
    }

    @UseGuards(guard)
    @ResolveField(() => String, { nullable: true })
    detail(@Principal('sub') sub?: string) {
      return `detail for ${sub}`;
    }
  }
  return FieldResolver;
}

const fieldQuery = '{ item { id detail } }';
const referenceQuery = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Item { id } } }';

type App = Awaited<ReturnType<typeof startApp>>;

async function ask({ call }: Pick<App, 'call'>, query: string, token?: string): Promise<string> {
  const { body } = await call('/graphql', token, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { r: [{ __typename: 'Item', id: '1' }] } }),
  });
  return JSON.stringify(body);
}

const federation = (fieldResolverEnhancers?: string[]) =>
  GraphQLModule.forRoot({
    driver: ApolloFederationDriver,
    autoSchemaFile: { federation: 2 },
    fieldResolverEnhancers,
    buildSchemaOptions: { orphanedTypes: [Item] },
  } as never);

const plain = (fieldResolverEnhancers?: string[]) =>
  GraphQLModule.forRoot({ driver: ApolloDriver, autoSchemaFile: true, fieldResolverEnhancers } as never);

describe.each([['with', ['guards']] as const, ['without', undefined] as const])(
  'N19: explicit guards %s fieldResolverEnhancers',
  (_, enhancers) => {
    const option = enhancers && [...enhancers];

    test('applies a guard of another issuer to references and fields', async () => {
      const other = await createTestAuthorizationServer({
        issuer: 'https://other.test',
        resources: [audience],
      });
      const { issuer, fetch, clock } = other;
      class OtherModule {}
      const auth = AuthModule.forRoot({
        ...({ issuer, fetch, now: clock.now, audience } as AuthModuleOptions),
        globalGuard: false,
        isGlobal: false,
      });
      const app = await startApp({
        imports: [federation(option), { module: OtherModule, imports: [auth], providers: [GuardedClass] }],
      });
      for (const mint of [app.mint, other.mintAccessToken]) {
        const token = await mint({ scope: 'items:read' });
        expect(await ask(app, referenceQuery, token)).not.toContain('reference for');
        expect(await ask(app, fieldQuery, token)).not.toContain('detail for');
      }
    });

    test('accepts tokens of the same issuer, and checks the requirement', async () => {
      const app = await startApp({ imports: [federation(option)], providers: [GuardedClass] });
      const reader = await app.mint({ scope: 'items:read' });
      expect(await ask(app, referenceQuery, reader)).toContain('reference for alice');
      expect(await ask(app, referenceQuery, await app.mint())).not.toContain('reference for');
      expect(await ask(app, fieldQuery, reader)).toContain('detail for alice');
      expect(await ask(app, fieldQuery)).not.toContain('detail for');
    });

    test.each([
      ['AccessTokenGuard', AccessTokenGuard],
      ['a guard that extends it', DerivedGuard],
    ])('guards the field of a public query: %s', async (_name, guard) => {
      const app = await startApp({ imports: [plain(option)], providers: [createFieldResolver(guard)] });
      expect(await ask(app, '{ item { id } }')).toContain('from query');
      expect(await ask(app, fieldQuery)).not.toContain('detail for');
      expect(await ask(app, fieldQuery, await app.mint())).toContain('detail for alice');
    });
  },
);

/** The guard is on a class that has only a field. The public query is in another class. */
@UseGuards(AccessTokenGuard)
@Resolver(() => Item)
class FieldsResolver {
  @ResolveField(() => String, { nullable: true })
  detail(@Principal('sub') sub?: string) {
    return `detail for ${sub}`;
  }
}

@Resolver()
class PublicQuery {
  @Public()
  @Query(() => Item)
  item(): Item {
    return { id: 'from query' };
  }
}

test('N19: applies a guard on a class that has only fields', async () => {
  const app = await startApp({ imports: [plain()], providers: [FieldsResolver, PublicQuery] });
  expect(await ask(app, '{ item { id } }')).toContain('from query');
  expect(await ask(app, fieldQuery)).not.toContain('detail for');
  expect(await ask(app, fieldQuery, await app.mint())).toContain('detail for alice');
});

test('N19: a guard on a class with queries guards the query, and a field without a requirement runs with it', async () => {
  @UseGuards(AccessTokenGuard)
  @Resolver(() => Item)
  class QueryAndField {
    @Query(() => Item)
    item(): Item {
      return { id: 'from query' };
    }

    @ResolveField(() => String, { nullable: true })
    detail() {
      return 'detail of the item';
    }
  }
  const app = await startApp(
    { imports: [plain()], providers: [QueryAndField] },
    { auth: { globalGuard: false } },
  );
  expect(await ask(app, fieldQuery)).not.toContain('detail of');
  expect(await ask(app, fieldQuery, await app.mint())).toContain('detail of the item');
});

describe('N19: an application with a guard on a field that would have no effect', () => {
  const start = (resolver: Type, options: StartOptions = {}) =>
    startApp({ imports: [plain()], providers: [resolver, PublicQuery] }, options);

  test.each([
    ['its method', createFieldResolver(DerivedGuard)],
    ['a class that has only fields', FieldsResolver],
  ])('does not start without the global guard: on %s', async (_, resolver) => {
    await expect(start(resolver, { auth: { globalGuard: false } })).rejects.toMatchObject({
      code: 'unguarded_handler',
      message: expect.stringMatching(
        /(FieldResolver|FieldsResolver)\.detail.*fieldResolverEnhancers: \['guards'\]/,
      ),
    });
  });

  test('does not start with a request-scoped guard', async () => {
    await expect(start(createFieldResolver(ScopedGuard))).rejects.toMatchObject({
      code: 'unguarded_handler',
      message: expect.stringMatching(/FieldResolver\.detail.*fieldResolverEnhancers: \['guards'\]/),
    });
  });
});

describe('N15: loaders of Mercurius', () => {
  @Resolver(() => Item)
  class LoadedResolver {
    @Public()
    @Query(() => [Item])
    items(): Item[] {
      return [{ id: '1' }, { id: '2' }];
    }

    @RequireScopes('items:read')
    @ResolveField(() => String, { nullable: true })
    detail() {
      return 'detail for a reader';
    }
  }

  test('guards a loader of the options like the field resolver that it replaces', async () => {
    const loaders = {
      Item: { detail: async (queries: unknown[]) => queries.map(() => 'detail for a reader') },
    };
    const app = await startApp(
      {
        imports: [GraphQLModule.forRoot({ driver: MercuriusDriver, autoSchemaFile: true, loaders } as never)],
        providers: [LoadedResolver],
      },
      { adapter: 'fastify' },
    );
    expect(await ask(app, '{ items { detail } }', await app.mint({ scope: 'other' }))).not.toContain(
      'detail for',
    );
    expect(await ask(app, '{ items { detail } }', await app.mint({ scope: 'items:read' }))).toContain(
      'detail for',
    );
  });
});
