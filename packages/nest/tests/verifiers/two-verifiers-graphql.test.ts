import { ApolloDriver } from '@nestjs/apollo';
import { UseGuards } from '@nestjs/common';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import { AccessTokenGuard, OptionalAuth, Principal, Public } from '../../src/index.ts';
import { audience, startApp } from '../support/start/start-app.ts';
import { addRole, createIssuers, createModule, otherAudience } from '../support/tokens/two-issuers.ts';

@ObjectType()
class Item {
  @Field(() => String)
  name!: string;
}

const toItem = (roles: readonly string[] | undefined) => ({ name: roles?.join() ?? 'anonymous' });

@UseGuards(AccessTokenGuard)
@Resolver(() => Item)
class ResolverA {
  @Query(() => Item)
  a(@Principal('roles') roles: string[]) {
    return toItem(roles);
  }

  @Public()
  @Query(() => Item)
  open(@Principal('roles') roles?: string[]) {
    return toItem(roles);
  }

  /** The query is guarded, the field is not. */
  @ResolveField(() => String)
  owner(@Principal('roles') roles?: string[]) {
    return toItem(roles).name;
  }
}

@UseGuards(AccessTokenGuard)
@Resolver()
class ResolverB {
  @Query(() => Item)
  b(@Principal('roles') roles: string[]) {
    return toItem(roles);
  }

  @Query(() => [Item])
  async several(@Principal('roles') roles: string[]) {
    return [toItem(roles), toItem(roles)];
  }

  @OptionalAuth()
  @Query(() => Item)
  optional(@Principal('roles') roles?: string[]) {
    return toItem(roles);
  }
}

describe.each([
  ['Apollo', 'express', ApolloDriver],
  ['Apollo', 'fastify', ApolloDriver],
  ['Mercurius', 'fastify', MercuriusDriver],
] as const)('N2: one GraphQL request for two verifiers, %s on %s', (_, adapter, driver) => {
  async function start() {
    const { a, optionsA } = await createIssuers();
    const { call } = await startApp(
      {
        imports: [
          GraphQLModule.forRoot({ driver, autoSchemaFile: true }),
          createModule(addRole('a', optionsA), { providers: [ResolverA] }),
          createModule(addRole('b', { ...optionsA, audience: otherAudience }), { providers: [ResolverB] }),
        ],
      },
      { adapter, auth: { globalGuard: false } },
    );
    const query = async (text: string, token?: string) => {
      const { body } = await call('/graphql', token, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text }),
      });
      return body;
    };
    const both = await a.mintAccessToken({ aud: [audience, otherAudience] });
    return { query, both, one: await a.mintAccessToken({ aud: audience }) };
  }

  test('passes the principal of its guard to each field, and no principal to a public field', async () => {
    const { query, both } = await start();
    const text =
      '{ first: b { name owner } a { name owner } open { name owner } several { name owner } b { name owner } }';
    for (let i = 0; i < 2; i++)
      expect(await query(text, both)).toEqual({
        data: {
          first: { name: 'b', owner: 'b' },
          a: { name: 'a', owner: 'a' },
          open: { name: 'anonymous', owner: 'anonymous' },
          several: [
            { name: 'b', owner: 'b' },
            { name: 'b', owner: 'b' },
          ],
          b: { name: 'b', owner: 'b' },
        },
      });
  });

  test('rejects a token of another audience, even in the same request', async () => {
    const { query, one } = await start();
    expect(await query('{ a { name } }', one)).toEqual({ data: { a: { name: 'a' } } });
    for (const text of [
      '{ a { name } b { name } }',
      '{ b { name } a { name } }',
      '{ a { name } optional { name } }',
    ])
      expect(await query(text, one)).toMatchObject({
        data: null,
        errors: [{ message: expect.stringContaining('access token') }],
      });
    expect(await query('{ open { name owner } optional { name owner } }')).toEqual({
      data: {
        open: { name: 'anonymous', owner: 'anonymous' },
        optional: { name: 'anonymous', owner: 'anonymous' },
      },
    });
  });
});
