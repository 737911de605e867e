import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { ApolloDriver } from '@nestjs/apollo';
import { Controller, type INestApplication, Inject } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { connectSocketIo, connectWebSocket } from '../../tests/support/gateways/items-gateway.ts';
import { AuthModule, ConnectionAuthenticator, Principal, RequireScopes } from '../index.ts';
import { overrideAuth } from './index.ts';

@Resolver()
class ItemsResolver {
  @RequireScopes('items:read')
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  @RequireScopes('items:read')
  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

@Controller()
class ItemsController {
  @RequireScopes('items:read')
  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts an application without a principal, which the returned function sets. */
async function start(metadata: object, before: (app: INestApplication) => Promise<void> | void = () => {}) {
  const options = { issuer: 'https://auth.example.test', audience: 'https://api.example.test' };
  const { imports = [], ...rest } = metadata as { readonly imports?: readonly never[] };
  const builder = Test.createTestingModule({ imports: [AuthModule.forRoot(options), ...imports], ...rest });
  const auth = overrideAuth(builder);
  const app = (await auth.as().compile()).createNestApplication({ logger: false });
  closing.push(() => app.close());
  await before(app);
  await app.listen(0, '127.0.0.1');
  return { auth, url: await app.getUrl() };
}

const reader = { sub: 'alice', scopes: ['items:read'] };

test('authenticates operations of GraphQL as the principal, and checks their scopes', async () => {
  const graphql = GraphQLModule.forRoot({ driver: ApolloDriver, autoSchemaFile: true });
  const { auth, url } = await start({ imports: [graphql], providers: [ItemsResolver] });
  const ask = async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ me }' }),
    });
    const { data, errors } = (await response.json()) as { data?: object; errors?: { message: string }[] };
    return errors?.[0]?.message ?? data;
  };
  expect(await ask()).toBe('An access token is required');
  auth.as(reader);
  expect(await ask()).toEqual({ me: 'alice' });
  auth.as({ sub: 'alice' });
  expect(await ask()).toContain("lacks the scope 'items:read'");
});

test.each([
  ['socket.io', IoAdapter],
  ['ws', WsAdapter],
] as const)(
  'authenticates connections of %s as the principal, and checks the scopes of messages',
  async (kind, adapter) => {
    const { auth, url } = await start(
      { providers: [ItemsGateway] },
      (app) => void app.useWebSocketAdapter(new adapter(app)),
    );
    const connect = () => {
      const connection = kind === 'ws' ? connectWebSocket(url, undefined) : connectSocketIo(url, {});
      closing.push(connection.close);
      return connection;
    };
    expect(await connect().closed).toMatch(/^4401 |^io server disconnect$/);
    auth.as(reader);
    expect(await connect().ask('me')).toEqual({ event: 'me', data: 'alice' });
    auth.as({ sub: 'alice' });
    expect(await connect().ask('me')).toMatchObject({
      event: 'exception',
      data: { statusCode: 403, code: 'insufficient_scope' },
    });
  },
);

test('authenticates messages of a microservice as the principal, and checks their scopes', async () => {
  const options = { host: '127.0.0.1', port: await findFreePort() };
  const { auth } = await start({ controllers: [ItemsController] }, async (app) => {
    app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
    await app.startAllMicroservices();
  });
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  closing.push(() => client.close());
  const send = () => lastValueFrom(client.send<unknown>('me', {})).catch((error: unknown) => error);
  expect(await send()).toMatchObject({ statusCode: 401, code: 'token_missing' });
  auth.as(reader);
  expect(await send()).toBe('alice');
  auth.as({ sub: 'alice' });
  expect(await send()).toMatchObject({ statusCode: 403, code: 'insufficient_scope' });
});
