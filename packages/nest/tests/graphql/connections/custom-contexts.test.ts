import type { IncomingMessage } from 'node:http';
import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { createClient } from 'graphql-ws';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Principal } from '../../../src/index.ts';
import { type Adapter, startApp } from '../../support/start/start-app.ts';

@Resolver()
class UsersResolver {
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

/** What Apollo passes to the function of the application: a request, or a connection. */
interface Source {
  readonly req?: object;
  readonly extra: { readonly request: IncomingMessage; req?: object };
  readonly connectionParams?: object;
}

const apolloContexts: Record<string, (source: Source) => object> = {
  'the upgrade request as `req`': ({ req, extra }) => ({ req: req ?? extra.request }),
  'the upgrade request as `request`': ({ req, extra }) => (req ? { req } : { request: extra.request }),
  'the parameters as headers, for each operation': ({ req, connectionParams }) => ({
    req: req ?? { headers: connectionParams },
  }),
  'the parameters as headers, once for a connection': ({ req, extra, connectionParams }) => {
    if (!req) extra.req ??= { headers: connectionParams };
    return { req: req ?? extra.req };
  },
};

const servers: readonly [string, Adapter, object][] = [
  ...(['express', 'fastify'] as const).flatMap((adapter) =>
    Object.entries(apolloContexts).map(([name, context]): [string, Adapter, object] => [
      `Apollo on ${adapter}: ${name}`,
      adapter,
      { driver: ApolloDriver, subscriptions: { 'graphql-ws': true }, playground: false, context },
    ]),
  ),
  [
    'Mercurius: the upgrade request as `req`',
    'fastify',
    {
      driver: MercuriusDriver,
      subscription: {
        fullWsTransport: true,
        context: (_: unknown, request: { raw: IncomingMessage }) => ({ req: request.raw }),
      },
    },
  ],
];

describe('N27: a connection whose context the application creates', () => {
  test.each(servers)(
    'ends with its token, or its operations are rejected: %s',
    async (_, adapter, module) => {
      const { url, mint, server } = await startApp(
        {
          imports: [GraphQLModule.forRoot({ autoSchemaFile: true, ...module } as never)],
          providers: [UsersResolver],
        },
        { adapter, auth: { clockTolerance: 0 } as never },
      );
      server.clock.stop();
      const exp = Math.floor(server.clock.now() / 1000) + 600;
      const authorization = `Bearer ${await mint({ exp })}`;
      class Socket extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers: { authorization } });
        }
      }
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: Socket,
        lazy: false,
        onNonLazyError: () => {},
        connectionParams: { authorization },
        retryAttempts: 0,
      });
      const ask = () =>
        new Promise<unknown>((resolve) => {
          client.subscribe({ query: '{ me }' }, { next: resolve, error: resolve, complete() {} });
        });
      expect(await ask()).toMatchObject({ data: { me: 'alice' } });
      expect(await ask()).toMatchObject({ data: { me: 'alice' } });
      server.clock.advance(600);
      expect(await ask()).toMatchObject({ errors: [{ message: 'The access token has expired' }] });
      await client.dispose();
    },
  );
});
