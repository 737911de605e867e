import { createTestAuthorizationServer } from '@countersign/testing';
import { ApolloDriver } from '@nestjs/apollo';
import { Controller, type DynamicModule, Get, type Type, UseGuards } from '@nestjs/common';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test } from 'vitest';
import {
  AccessTokenGuard,
  AuthModule,
  type AuthModuleOptions,
  BearerToken,
  Claims,
  OptionalAuth,
  Principal,
  Public,
  profiles,
} from '../../src/index.ts';
import { type Adapter, adapters, audience, startApp } from '../support/start-app.ts';

const otherAudience = 'https://b.example.test';

/** Options of a verifier that adds its name to the roles of each principal. */
const addRole = (name: string, options: Partial<AuthModuleOptions>): AuthModuleOptions =>
  ({ ...options, profile: { ...profiles.rfc9068, roles: () => [name] } }) as AuthModuleOptions;

class Routes {
  @Get()
  me(@Principal('roles') roles: string[], @Claims('sub') sub: string, @BearerToken() token: string) {
    return { roles, sub, token };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@Principal('roles') roles?: string[]) {
    return { roles: roles ?? 'anonymous' };
  }

  @Public()
  @Get('public')
  open(@Principal('roles') roles?: string[], @BearerToken() token?: string) {
    return { roles: roles ?? 'anonymous', token: token ?? 'none' };
  }
}

@Controller('a')
class ControllerA extends Routes {}

@UseGuards(AccessTokenGuard)
@Controller('a')
class GuardedControllerA extends Routes {}

@UseGuards(AccessTokenGuard)
@Controller('b')
class ControllerB extends Routes {}

/** Creates a module with a separate `AuthModule`. */
function createModule(
  options: AuthModuleOptions,
  content: { controllers?: Type[]; providers?: Type[] },
): DynamicModule {
  class FeatureModule {}
  const auth = AuthModule.forRoot({ ...options, globalGuard: false, isGlobal: false });
  return { module: FeatureModule, imports: [auth], ...content };
}

/** Creates two issuers. */
async function createIssuers() {
  const [a, b] = await Promise.all(
    ['https://issuer-a.test', 'https://issuer-b.test'].map((issuer) =>
      createTestAuthorizationServer({ issuer, resources: [audience, otherAudience] }),
    ),
  );
  if (!a || !b) throw new Error('two issuers are needed');
  const createOptions = ({ issuer, fetch, clock }: typeof a) => ({ issuer, fetch, now: clock.now });
  return { a, b, optionsA: { ...createOptions(a), audience }, optionsB: { ...createOptions(b), audience } };
}

describe.each(adapters)('N2: two modules on %s', (adapter: Adapter) => {
  test('accepts a token only at the guard of its issuer, if a global guard and a module use different issuers', async () => {
    const { a, b, optionsA, optionsB } = await createIssuers();
    const moduleB = createModule(addRole('b', optionsB), { controllers: [ControllerB] });
    const { call } = await startApp(
      { imports: [moduleB], controllers: [ControllerA] },
      { adapter, auth: addRole('a', optionsA) },
    );
    const [tokenA, tokenB] = [await a.mintAccessToken(), await b.mintAccessToken({ sub: 'bob' })];
    // Twice, because the second request uses the cached token.
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', tokenA)).toMatchObject({ status: 200, body: { roles: ['a'], sub: 'alice' } });
      expect(await call('/a', tokenB)).toMatchObject({ status: 401 });
      for (const path of ['/b', '/b/optional'])
        for (const token of [tokenA, tokenB]) expect(await call(path, token)).toMatchObject({ status: 401 });
      expect(await call('/b/optional')).toMatchObject({ status: 200, body: { roles: 'anonymous' } });
      for (const path of ['/a/public', '/b/public'])
        for (const token of [tokenA, tokenB])
          expect(await call(path, token)).toMatchObject({ body: { roles: 'anonymous', token: 'none' } });
    }
  });

  test('accepts the tokens of each issuer only at the routes of its module', async () => {
    const { a, b, optionsA, optionsB } = await createIssuers();
    const { call } = await startApp(
      {
        imports: [
          createModule(addRole('a', optionsA), { controllers: [GuardedControllerA] }),
          createModule(addRole('b', optionsB), { controllers: [ControllerB] }),
        ],
      },
      { adapter, auth: { globalGuard: false } },
    );
    const [tokenA, tokenB] = [await a.mintAccessToken(), await b.mintAccessToken({ sub: 'bob' })];
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', tokenA)).toMatchObject({ status: 200, body: { roles: ['a'], token: tokenA } });
      expect(await call('/b', tokenB)).toMatchObject({ status: 200, body: { roles: ['b'], token: tokenB } });
      for (const path of ['/a', '/a/optional'])
        expect(await call(path, tokenB)).toMatchObject({ status: 401 });
      for (const path of ['/b', '/b/optional'])
        expect(await call(path, tokenA)).toMatchObject({ status: 401 });
    }
  });

  test('passes the principal of the last guard if both guards accept a token', async () => {
    const { a, optionsA } = await createIssuers();
    const moduleB = createModule(addRole('b', { ...optionsA, audience: otherAudience }), {
      controllers: [ControllerB],
    });
    const { call } = await startApp(
      { imports: [moduleB], controllers: [ControllerA] },
      { adapter, auth: addRole('a', optionsA) },
    );
    const both = await a.mintAccessToken({ aud: [audience, otherAudience] });
    const one = await a.mintAccessToken({ aud: audience });
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', both)).toMatchObject({ status: 200, body: { roles: ['a'] } });
      expect(await call('/b', both)).toMatchObject({ status: 200, body: { roles: ['b'] } });
      expect(await call('/b/optional', both)).toMatchObject({ status: 200, body: { roles: ['b'] } });
      expect(await call('/b', one)).toMatchObject({ status: 401 });
    }
  });

  test('serves the metadata of the module that configures it', async () => {
    const { optionsA, optionsB } = await createIssuers();
    const protectedResource = { resource: audience };
    for (const [first, second] of [
      [optionsA, { ...optionsB, protectedResource }],
      [{ ...optionsA, protectedResource }, optionsB],
      [
        { ...optionsA, protectedResource },
        { ...optionsB, protectedResource },
      ],
    ] as const) {
      const { call } = await startApp({ imports: [createModule(second, {})] }, { adapter, auth: first });
      expect(await call('/.well-known/oauth-protected-resource')).toMatchObject({
        status: 200,
        body: { resource: audience },
      });
    }
  });

  test('does not run a handler with a principal if no guard ran', async () => {
    @Controller('free')
    class FreeController {
      @Get()
      me(@Principal() principal: unknown) {
        return { principal };
      }

      @Get('anonymous')
      anonymous() {
        return { principal: 'none' };
      }
    }
    const { call, mint } = await startApp(
      { controllers: [FreeController] },
      { adapter, auth: { globalGuard: false } },
    );
    expect(await call('/free', await mint())).toMatchObject({
      status: 500,
      body: { message: 'Internal Server Error' },
    });
    expect(await call('/free/anonymous')).toMatchObject({ status: 200 });
  });
});

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
] as const)('N2: one GraphQL request for two issuers, %s on %s', (_, adapter, driver) => {
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

  test('passes the principal of its guard to each field, and none to a public field', async () => {
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

  test('rejects a token of another issuer, also in the same request', async () => {
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
