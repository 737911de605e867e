import { ApolloDriver } from '@nestjs/apollo';
import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import {
  CONTEXT,
  Context,
  Field,
  GraphQLModule,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { getPrincipal, OptionalAuth, Principal, Public, RequireScopes } from '../../src/index.ts';
import { type Source, sharedContexts } from '../support/graphql/shared-contexts.ts';
import { type Adapter, startApp } from '../support/start/start-app.ts';

@ObjectType()
class Item {
  @Field(() => String)
  id!: string;
}

@Resolver(() => Item)
class UsersResolver {
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('admin')
  @Query(() => String)
  secret(@Principal('sub') sub: string) {
    return `secret of ${sub}`;
  }

  @OptionalAuth()
  @Query(() => String)
  optional(@Principal('sub') sub: string | undefined, @Context() context: object) {
    return [sub, getPrincipal(context)?.sub, (context as { tenant?: string }).tenant].join();
  }

  @Public()
  @Query(() => String)
  open(@Context() context: object) {
    return String(getPrincipal(context)?.sub);
  }

  /** Lets other operations run before its fields are resolved. */
  @Public()
  @Query(() => Item)
  async item() {
    await new Promise((resolve) => setImmediate(resolve));
    return {};
  }

  @RequireScopes('admin')
  @ResolveField(() => String)
  id(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('admin')
  @Subscription(() => String, { resolve: (value: string) => value })
  async *secrets(@Principal('sub') sub: string) {
    yield sub;
  }
}

/** Nest creates it for each operation, and identifies the operation by a property of the context. */
@Injectable({ scope: Scope.REQUEST })
class CurrentUser {
  readonly #context: object;

  constructor(@Inject(CONTEXT) context: object) {
    this.#context = context;
  }

  get sub() {
    return getPrincipal(this.#context)?.sub;
  }
}

@Resolver()
class RequestScopedResolver {
  readonly #user: CurrentUser;

  constructor(@Inject(CurrentUser) user: CurrentUser) {
    this.#user = user;
  }

  @OptionalAuth()
  @Query(() => String)
  scoped() {
    return String(this.#user.sub);
  }
}

interface Result {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string }[];
}

async function start(adapter: Adapter, module: object) {
  const { call, mint, url } = await startApp(
    {
      imports: [
        GraphQLModule.forRoot({
          autoSchemaFile: true,
          fieldResolverEnhancers: ['guards'],
          ...module,
        } as never),
      ],
      providers: [UsersResolver, RequestScopedResolver, CurrentUser],
    },
    { adapter },
  );
  const send = async (body: object, token?: string): Promise<unknown> =>
    (
      await call('/graphql', token, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).body;
  const ask = async (query: string, token?: string) => (await send({ query }, token)) as Result;
  const connect = (token?: string) => {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    const run = async (query: string) =>
      new Promise<unknown>((resolve) => {
        client.subscribe({ query }, { next: resolve, error: resolve, complete() {} });
      });
    return { run, close: () => client.dispose() };
  };
  return { ask, send, connect, mint };
}

const required = /no access token|access token is required/;

describe('N31: an operation never has the user of another request if the context is', () => {
  test.each(sharedContexts)('$name', async ({ adapter, module, create }) => {
    const context = create();
    // Mercurius passes the WebSocket as well.
    const forConnection =
      typeof context === 'function' ? (_: unknown, request: Source) => context(request) : context;
    const subscription = { fullWsTransport: true, context: forConnection };
    const { ask, send, connect, mint } = await start(adapter, { ...module, context, subscription });
    const alice = await mint({ sub: 'alice', scope: 'admin' });
    const bob = await mint({ sub: 'bob' });
    for (let i = 0; i < 2; i++) {
      expect(await ask('{ scoped }', alice)).toEqual({ data: { scoped: 'alice' } });
      expect(await ask('{ me secret optional }', alice)).toEqual({
        data: { me: 'alice', secret: 'secret of alice', optional: 'alice,alice,x' },
      });
      expect(await ask('{ me scoped }', bob)).toEqual({ data: { me: 'bob', scoped: 'bob' } });
      expect(await ask('{ scoped }')).toEqual({ data: { scoped: 'undefined' } });
      expect(await ask('{ optional }')).toEqual({ data: { optional: ',,x' } });
      expect(await ask('{ open }')).toEqual({ data: { open: 'undefined' } });
      for (const query of ['{ me }', '{ secret }', '{ me secret }', '{ item { id } }'])
        expect((await ask(query)).errors?.[0]?.message, query).toMatch(required);
      for (const query of ['{ secret }', '{ item { id } }'])
        expect((await ask(query, bob)).errors?.[0]?.message, query).toMatch(/scope/);
    }

    const users = await Promise.all(
      ['alice', 'bob', 'carol'].map(async (sub) => ({ sub, token: await mint({ sub, scope: 'admin' }) })),
    );
    const requests = Array.from({ length: 4 }, () => users).flat();
    const results = await Promise.all(requests.map(async ({ token }) => ask('{ me item { id } }', token)));
    for (const [index, result] of results.entries()) {
      const sub = requests[index]?.sub;
      // The application itself may give an object to two requests at the same time. Then they are rejected.
      if (result.errors)
        expect(result.errors[0]?.message).toMatch(/contains the request of another operation/);
      else expect(result).toEqual({ data: { me: sub, item: { id: sub } } });
    }
    for (const { sub, token } of users)
      expect(await send([{ query: '{ me }' }, { query: '{ item { id } }' }], token)).toEqual([
        { data: { me: sub } },
        { data: { item: { id: sub } } },
      ]);

    const [first, second, third] = [connect(alice), connect(bob), connect()];
    for (let i = 0; i < 2; i++) {
      expect(await first.run('{ me }')).toEqual({ data: { me: 'alice' } });
      expect(await first.run('subscription { secrets }')).toEqual({ data: { secrets: 'alice' } });
      expect(await second.run('{ me }')).toEqual({ data: { me: 'bob' } });
      for (const query of ['{ secret }', 'subscription { secrets }']) {
        expect(JSON.stringify(await second.run(query)), query).toMatch(/scope/);
        expect(JSON.stringify(await third.run(query)), query).toMatch(required);
      }
    }
    for (const each of [first, second, third]) await each.close();
  });

  test.each([
    ['Apollo', 'express', { driver: ApolloDriver }],
    ['Mercurius', 'fastify', { driver: MercuriusDriver }],
  ] as const)('a new object with the request of another operation, with %s', async (_, adapter, module) => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    let kept: object | undefined;
    const context = (source: Source) => {
      kept ??= source.req ?? source;
      return { req: kept };
    };
    const { ask, mint } = await start(adapter, { ...module, context });
    const alice = await mint({ sub: 'alice', scope: 'admin' });
    expect(await ask('{ me }', alice)).toEqual({ data: { me: 'alice' } });
    for (const token of [undefined, alice, await mint({ sub: 'bob' })]) {
      log.mockClear();
      expect(await ask('{ secret }', token)).toMatchObject({ data: null, errors: [{}] });
      expect(log.mock.calls).toEqual([
        [
          expect.stringMatching(/^UsersResolver.secret: .*return a new object for each operation/),
          expect.anything(),
        ],
      ]);
      expect(await ask('{ open }', token)).toEqual({ data: { open: 'undefined' } });
    }
    log.mockRestore();
  });
});
