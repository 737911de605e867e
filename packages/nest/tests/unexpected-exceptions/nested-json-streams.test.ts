import type { ClientDuplexStream, ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { ApolloDriver } from '@nestjs/apollo';
import { Controller } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import {
  ClientProxyFactory,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { createClient } from 'graphql-ws';
import { firstValueFrom, type Observable, of } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Principal } from '../../src/index.ts';
import { watchLogs } from '../support/fault-points.ts';
import { postQuery, readQuery } from '../support/graphql/graphql.ts';
import { startApp } from '../support/start/start-app.ts';
import { closeAfterTest, createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';
import { startMicroservice } from '../support/start/start-microservice.ts';
import { createNestedTokens, createNestingMessage } from '../support/tokens/nested-tokens.ts';

// The contexts of `nested-json.test.ts` are requests and gateways; these are streams, messages and operations.

interface Text {
  readonly text: string;
}

interface RawCall {
  on(event: string, listener: (message: Text) => void): void;
  write(message: Text): void;
}

@Controller()
class ItemsController {
  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @GrpcMethod('Items', 'Me')
  grpcMe(@Principal('sub') text: string): Text {
    return { text };
  }

  @GrpcMethod('Items', 'Ticks')
  ticks(@Principal('sub') text: string): Observable<Text> {
    return of({ text });
  }

  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: RawCall): void {
    call.on('data', (message) => call.write(message));
  }
}

@Resolver()
class ItemsResolver {
  @Query(() => String)
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

interface Methods {
  Me(message: Text, metadata: Metadata, callback: (error: ServiceError | null, reply?: Text) => void): void;
  Ticks(message: Text, metadata: Metadata): ClientReadableStream<Text>;
  Echo(metadata: Metadata): ClientDuplexStream<Text, Text>;
  Raw(metadata: Metadata): ClientDuplexStream<Text, Text>;
}

const { lines, listen } = watchLogs();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe('A9: rejects a deeply nested token, and handles the next message', () => {
  test.each(['Me', 'Ticks', 'Echo', 'Raw'] as const)('over gRPC: %s', async (method) => {
    const { client, mint, server, app } = await startGrpc<Methods>(ItemsController);
    listen(app);
    /** Returns the first reply, or the error. */
    const ask = (token: string) =>
      new Promise((resolve) => {
        const metadata = createGrpcMetadata(token);
        const message = { text: 'alice' };
        if (method === 'Me') {
          client.Me(message, metadata, (error, reply) => resolve(error ?? reply?.text));
          return;
        }
        const call = method === 'Ticks' ? undefined : client[method](metadata);
        const stream = call ?? client.Ticks(message, metadata);
        closeAfterTest(() => stream.cancel());
        stream.once('data', ({ text }: Text) => resolve(text)).on('error', resolve);
        call?.write(message);
      });
    // 16: UNAUTHENTICATED
    for (const [name, token] of createNestedTokens(server.issuer))
      expect(await ask(token)).toMatchObject({ code: 16, details: createNestingMessage(name) });
    expect(await ask(await mint())).toBe('alice');
    expect(lines).toEqual([]);
  });

  test('over TCP', async () => {
    const options = {
      transport: Transport.TCP as const,
      options: { host: '127.0.0.1', port: await findFreePort() },
    };
    const { mint, server } = await startMicroservice(ItemsController, options, { listen });
    const client = ClientProxyFactory.create(options);
    closing.push(() => client.close());
    let token = '';
    client.setOnDispatchHook((packet) => {
      packet.metadata = { authorization: `Bearer ${token}` };
    });
    const ask = () => firstValueFrom(client.send<unknown>('me', {})).catch((error: unknown) => error);
    for (const [name, nested] of createNestedTokens(server.issuer)) {
      token = nested;
      expect(await ask()).toMatchObject({
        statusCode: 401,
        code: 'invalid_token',
        message: createNestingMessage(name),
      });
    }
    token = await mint();
    expect(await ask()).toBe('alice');
    expect(lines).toEqual([]);
  });

  test.each([
    ['Apollo', 'express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }],
    ['Mercurius', 'fastify', { driver: MercuriusDriver, subscription: { fullWsTransport: true } }],
  ] as const)('of GraphQL, over HTTP and a WebSocket: %s', async (_, adapter, options) => {
    const app = await startApp(
      {
        imports: [GraphQLModule.forRoot({ ...options, autoSchemaFile: true } as never)],
        providers: [ItemsResolver],
      },
      { adapter, before: listen },
    );
    const query = '{ me }';
    /** Returns the data or the first error of an operation of a connection. */
    const askConnection = async (token: string) => {
      const client = createClient({
        url: `${app.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        retryAttempts: 0,
      });
      closing.push(() => client.dispose());
      const { value } = await client.iterate({ query }).next();
      return value?.errors?.[0] ?? value?.data;
    };
    for (const [name, token] of createNestedTokens(app.server.issuer)) {
      const error = { message: createNestingMessage(name) };
      const { body } = await postQuery(app, { query, token });
      expect(body.errors).toMatchObject([error]);
      expect(await askConnection(token)).toMatchObject(error);
    }
    expect(await readQuery(app, { query, token: await app.mint() })).toEqual({ me: 'alice' });
    expect(await askConnection(await app.mint())).toEqual({ me: 'alice' });
    expect(lines).toEqual([]);
  });
});
