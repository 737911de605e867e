import { createRequire } from 'node:module';
import { AccessTokenError } from '@countersign/core/resource-server';
import { ApolloDriver } from '@nestjs/apollo';
import { type BeforeApplicationShutdown, Controller, Scope, type Type } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { AuthModule, Principal, RequireScopes } from '../../src/index.ts';
import { type Adapter, audience, type StartOptions, startApp } from '../support/start/start-app.ts';

/** The copy of the package that Nest loads. */
const { GraphQLObjectType, GraphQLSchema, GraphQLString, lexicographicSortSchema } = createRequire(
  import.meta.url,
)('graphql') as typeof import('graphql');

/** Nest creates the guards of a request-scoped class for each message, and those of a static class at the start. */
function createController(scope: Scope) {
  @Controller({ scope })
  class SharedController {
    @MessagePattern('me')
    me(@Principal('sub') sub: string) {
      return sub;
    }

    @RequireScopes('items:read')
    @MessagePattern('read')
    read() {
      return 'read';
    }

    @MessagePattern('rejected')
    rejected() {
      throw new AccessTokenError('insufficient_scope', 'Not this item', { status: 403, challenges: [] });
    }
  }
  return SharedController;
}

async function start(controller: ReturnType<typeof createController>, options: StartOptions = {}) {
  const address = { host: '127.0.0.1', port: await findFreePort() };
  const testApp = await startApp(
    { controllers: [controller] },
    {
      ...options,
      auth: {
        rpcCredentials: (data) => (data as { authorization?: string } | undefined)?.authorization,
        ...options.auth,
      },
      before: async (app) => {
        app.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.TCP, options: address },
          { inheritAppConfig: false },
        );
        await app.startAllMicroservices();
      },
    },
  );
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: address });
  const send = async (pattern: string, token?: string) => {
    const data = token === undefined ? {} : { authorization: `Bearer ${token}` };
    try {
      return await firstValueFrom(client.send<unknown>(pattern, data));
    } catch (error) {
      return error;
    }
  };
  return { ...testApp, send };
}

test.each([
  ['request-scoped', Scope.REQUEST],
  ['static', Scope.DEFAULT],
])('N18: each application uses its own verifier for a shared %s controller', async (_, scope) => {
  const controller = createController(scope);
  const first = await start(controller, { server: { issuer: 'https://first.test' } });
  expect(await first.send('me', await first.mint())).toBe('alice');
  const second = await start(controller, { server: { issuer: 'https://second.test' } });
  const [firstToken, secondToken] = [
    await first.mint({ scope: 'items:read' }),
    await second.mint({ sub: 'bob' }),
  ];
  for (const [app, ownToken, otherToken, sub] of [
    [first, firstToken, secondToken, 'alice'],
    [second, secondToken, firstToken, 'bob'],
  ] as const) {
    expect(await app.send('me', ownToken)).toBe(sub);
    expect(await app.send('me', otherToken)).toMatchObject({ statusCode: 401 });
    expect(await app.send('me')).toMatchObject({ statusCode: 401 });
    expect(await app.send('rejected', ownToken)).toMatchObject({
      statusCode: 403,
      code: 'insufficient_scope',
    });
  }
  expect(await first.send('read', firstToken)).toBe('read');
  expect(await second.send('read', secondToken)).toMatchObject({ statusCode: 403 });
  await first.app.close();
  expect(await second.send('me', secondToken)).toBe('bob');
});

test('N18: an application without a global guard does not start with the guard of another application', async () => {
  const controller = createController(Scope.DEFAULT);
  await start(controller);
  await expect(start(controller, { auth: { globalGuard: false } })).rejects.toMatchObject({
    code: 'unguarded_handler',
    message: expect.stringContaining('SharedController.read'),
  });
});

test('N18: both modules that guard an application check its messages', async () => {
  const otherAudience = 'https://other-api.example.test';
  class AuthModules {}
  const { send, mint } = await start(createController(Scope.DEFAULT), {
    module: (options) => ({
      module: AuthModules,
      imports: [
        AuthModule.forRoot({ ...options, ...({ audience: otherAudience, isGlobal: false } as object) }),
        AuthModule.forRoot(options),
      ],
    }),
  });
  for (const aud of [audience, otherAudience])
    expect(await send('me', await mint({ aud }))).toMatchObject({ statusCode: 401 });
  expect(await send('me', await mint({ aud: [audience, otherAudience] }))).toBe('alice');
});

describe('N18: two applications with one schema of GraphQL', () => {
  function createSchema() {
    const hello = { type: GraphQLString, resolve: () => 'hello' };
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { hello, ping: { type: GraphQLString } },
    });
    const subscription = new GraphQLObjectType({
      name: 'Subscription',
      fields: { ticks: { type: GraphQLString, subscribe: async function* () {} } },
    });
    return { schema: new GraphQLSchema({ query, subscription }), subscription };
  }

  const startGraphql = (
    issuer: string,
    { driver = ApolloDriver, adapter = 'express', ...options }: Record<string, unknown>,
    providers: Type[] = [],
  ) =>
    startApp(
      { imports: [GraphQLModule.forRoot({ driver, playground: false, ...options } as never)], providers },
      { server: { issuer }, adapter: adapter as Adapter },
    );

  const ask = async ({ call }: Awaited<ReturnType<typeof startGraphql>>, token?: string) => {
    const { body } = await call('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ hello ping }' }),
    });
    return body?.data as Record<string, unknown> | null | undefined;
  };

  test('uses the guard of each application, if the previous one has closed', async () => {
    const { schema, subscription } = createSchema();
    const original = subscription.getFields().ticks?.subscribe;
    const tokens: string[] = [];
    const issuers = ['first', 'second', 'third'].map((name) => `https://${name}.test`);
    const subscribers = new Set<unknown>();
    for (const issuer of issuers) {
      const app = await startGraphql(issuer, { schema });
      const token = await app.mint();
      expect(await ask(app, token)).toEqual({ hello: 'hello', ping: null });
      for (const other of [undefined, ...tokens]) expect((await ask(app, other))?.hello).not.toBe('hello');
      subscribers.add(subscription.getFields().ticks?.subscribe);
      tokens.push(token);
      await app.app.close();
    }
    expect(subscribers.size).toBe(issuers.length);
    expect(subscribers).not.toContain(original);
  });

  const copy = { transformSchema: lexicographicSortSchema };
  const mercurius = { driver: MercuriusDriver, adapter: 'fastify' };
  test.each<[string, object]>([
    ['of Apollo', {}],
    ['of Mercurius', mercurius],
    ['whose copy Apollo executes', copy],
    ['whose copy Mercurius executes', { ...mercurius, schemaTransforms: [lexicographicSortSchema] }],
  ])(
    'does not start the second application while the first one runs, with a schema %s',
    async (_, options) => {
      const { schema } = createSchema();
      const first = await startGraphql('https://first.test', { schema });
      await expect(startGraphql('https://second.test', { schema, ...options })).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: 'invalid_option',
        message: expect.stringMatching(
          /another application of this process.*for each application.*app\.close\(\)/s,
        ),
      });
      expect(await ask(first, await first.mint())).toEqual({ hello: 'hello', ping: null });
      expect((await ask(first))?.hello).not.toBe('hello');
      await first.app.close();
      const third = await startGraphql('https://third.test', { schema, ...options });
      expect(await ask(third, await third.mint())).toEqual({ hello: 'hello', ping: null });
      for (const token of [undefined, await first.mint()])
        expect((await ask(third, token))?.hello).not.toBe('hello');
    },
  );

  test('starts the second application while the first one closes, and uses the guard of the second one', async () => {
    const { schema } = createSchema();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reportClosing = () => {};
    const closing = new Promise<void>((resolve) => {
      reportClosing = resolve;
    });
    class SlowProvider implements BeforeApplicationShutdown {
      async beforeApplicationShutdown() {
        reportClosing();
        await released;
      }
    }
    const first = await startGraphql('https://first.test', { schema }, [SlowProvider]);
    const closed = first.app.close();
    await closing;
    const second = await startGraphql('https://second.test', { schema });
    for (const token of [undefined, await first.mint()])
      expect((await ask(second, token))?.hello).not.toBe('hello');
    release();
    await closed;
    expect(await ask(second, await second.mint())).toEqual({ hello: 'hello', ping: null });
    for (const token of [undefined, await first.mint()])
      expect((await ask(second, token))?.hello).not.toBe('hello');
  });

  test('rejects the schema of another running application as a new schema of an application', async () => {
    const { schema } = createSchema();
    await startGraphql('https://first.test', { schema });
    const second = await startGraphql('https://second.test', { ...mercurius, ...createSchema() });
    const { graphql } = second.app.getHttpAdapter().getInstance() as unknown as {
      readonly graphql: { replaceSchema(schema: object): void };
    };
    expect(() => graphql.replaceSchema(schema)).toThrow('another application of this process');
    expect(await ask(second, await second.mint())).toEqual({ hello: 'hello', ping: null });
    expect((await ask(second))?.hello).not.toBe('hello');
  });

  test('starts one application with several modules that check its requests', async () => {
    const { schema } = createSchema();
    const otherAudience = 'https://other-api.example.test';
    class AuthModules {}
    const app = await startApp(
      {
        imports: [GraphQLModule.forRoot({ driver: ApolloDriver, playground: false, schema } as never)],
      },
      {
        module: (options) => ({
          module: AuthModules,
          imports: [
            AuthModule.forRoot({ ...options, ...({ audience: otherAudience, isGlobal: false } as object) }),
            AuthModule.forRoot(options),
          ],
        }),
      },
    );
    expect((await ask(app, await app.mint()))?.hello).not.toBe('hello');
    expect(await ask(app, await app.mint({ aud: [audience, otherAudience] }))).toMatchObject({
      hello: 'hello',
    });
  });
});
