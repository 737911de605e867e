import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { expect, test } from 'vitest';
import { OptionalAuth, Principal, Public, RequireScopes } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

@ObjectType()
class Item {
  @Field(() => String)
  id!: string;
}

@Resolver(() => Item)
class ItemsResolver {
  @Query(() => Item)
  item() {
    return { id: '1' };
  }

  @Query(() => [Item])
  list() {
    return [{ id: '1' }, { id: '2' }];
  }

  @OptionalAuth()
  @Query(() => Item)
  optional() {
    return { id: '1' };
  }

  @Public()
  @Query(() => Item)
  open() {
    return { id: '1' };
  }

  @ResolveField(() => Item)
  next() {
    return { id: 'next' };
  }

  @ResolveField(() => String)
  user(@Principal() principal: { sub: string } | undefined) {
    return principal?.sub ?? 'anonymous';
  }

  @RequireScopes('items:read')
  @ResolveField(() => String)
  reader(@Principal('sub') sub: string) {
    return sub;
  }
}

/** Mercurius compiles a query when it executes it for the second time. */
const executions = ['not compiled', 'compiled', 'compiled'];

test.each([0, 1])('N2: a field has the user of its query, with jit: %i', async (jit) => {
  const imports = [GraphQLModule.forRoot({ driver: MercuriusDriver, autoSchemaFile: true, jit } as never)];
  const { call, mint } = await startApp({ imports, providers: [ItemsResolver] }, { adapter: 'fastify' });
  const query = async (text: string, token?: string) => {
    const { body } = await call('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text }),
    });
    const { data, errors } = body as { data: object | null; errors?: readonly { message: string }[] };
    return data ?? errors?.[0]?.message;
  };
  const [alice, bob] = [await mint({ sub: 'alice', scope: 'items:read' }), await mint({ sub: 'bob' })];
  const mixed = '{ item { a: user next { user } } list { user } optional { user } open { user } }';
  for (const _ of executions) {
    for (const [sub, token] of [
      ['alice', alice],
      ['bob', bob],
    ] as const)
      expect(await query(mixed, token)).toEqual({
        item: { a: sub, next: { user: sub } },
        list: [{ user: sub }, { user: sub }],
        optional: { user: sub },
        open: { user: 'anonymous' },
      });
    expect(await query(mixed)).toBe('An access token is required');
    expect(await query('{ optional { user } open { user } }')).toEqual({
      optional: { user: 'anonymous' },
      open: { user: 'anonymous' },
    });
    expect(await query('{ item { reader } open { reader } }', alice)).toEqual({
      item: { reader: 'alice' },
      open: { reader: 'alice' },
    });
    expect(await query('{ open { reader } }', bob)).toContain('scope');
  }
  const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
  const tokens = await Promise.all(users.map((sub) => mint({ sub })));
  const found = await Promise.all(tokens.map((token) => query('{ item { user next { user } } }', token)));
  expect(found).toEqual(users.map((sub) => ({ item: { user: sub, next: { user: sub } } })));
});
