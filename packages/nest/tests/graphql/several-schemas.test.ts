import { ApolloDriver } from '@nestjs/apollo';
import { Module, type Type } from '@nestjs/common';
import { GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { expect, test } from 'vitest';
import { accessReport, Public, RequireScopes } from '../../src/index.ts';
import { readQuery } from '../support/graphql/graphql.ts';
import { startApp } from '../support/start/start-app.ts';

@Resolver('Item')
class AdminResolver {
  @Public()
  @Query('item')
  item() {
    return {};
  }

  @RequireScopes('admin')
  @ResolveField('price')
  price() {
    return 'admin price';
  }

  @RequireScopes('admin')
  @Query('total')
  total() {
    return 'admin total';
  }
}

@Resolver('Item')
class PublicResolver {
  @Public()
  @Query('item')
  item() {
    return {};
  }

  @ResolveField('price')
  price() {
    return 'public price';
  }
}

@Module({ providers: [AdminResolver] })
class AdminModule {}

/** Its resolvers belong to the schema of each module that imports it. */
@Module({ imports: [AdminModule] })
class AdminParentModule {}

@Module({ providers: [PublicResolver] })
class PublicModule {}

const typeDefs = 'type Query { item: Item!, total: String } type Item { price: String }';

async function start(include: { readonly admin: readonly Type[]; readonly open: readonly Type[] }) {
  const createModule = (path: string, modules: readonly Type[]) =>
    GraphQLModule.forRoot({
      driver: ApolloDriver,
      playground: false,
      typeDefs,
      path,
      include: [...modules],
    } as never);
  const started = await startApp({
    imports: [
      AdminParentModule,
      PublicModule,
      createModule('/admin', include.admin),
      createModule('/public', include.open),
    ],
  });
  const ask = (path: string, query: string, token?: string) => readQuery(started, { path, query, token });
  return { ...started, ask };
}

const missing = 'An access token is required';
const query = '{ item { price } }';

test.each([
  ['the modules', AdminModule],
  ['a module that imports them', AdminParentModule],
])('N14: applies a requirement to the schema whose option "include" has %s', async (_, admin) => {
  const { ask, mint } = await start({ admin: [admin], open: [PublicModule] });
  expect(await ask('/public', query)).toEqual({ item: { price: 'public price' } });
  expect(await ask('/admin', query)).toBe(missing);
  expect(await ask('/admin', query, await mint({ scope: 'other' }))).toBe(
    "The access token lacks the scope 'admin'",
  );
  expect(await ask('/admin', query, await mint({ scope: 'admin' }))).toEqual({
    item: { price: 'admin price' },
  });
});

test('N15: a query without a method in its own schema requires a token, and the report lists it', async () => {
  const { app, ask, mint } = await start({ admin: [AdminModule], open: [PublicModule] });
  expect(await ask('/public', '{ total }')).toBe(missing);
  expect(await ask('/public', '{ total }', await mint())).toEqual({ total: null });
  expect(
    accessReport(app)
      .filter(({ entry }) => entry === 'Query.total')
      .map(({ handler, requirement }) => `${handler} ${requirement.access}`),
  ).toEqual(['(schema) protected', 'AdminResolver.total protected']);
});

test('N14: a schema without the option "include" has the requirements of all modules', async () => {
  const { ask } = await start({ admin: [], open: [] });
  for (const path of ['/admin', '/public']) expect(await ask(path, query)).toBe(missing);
});
