import { ApolloDriver } from '@nestjs/apollo';
import { Controller } from '@nestjs/common';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { GrpcMethod } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { concat, NEVER, type Observable, of } from 'rxjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { connectSocketIo, connectWebSocket, StrictGateway } from '../support/gateways/items-gateway.ts';
import { holdLongTimers } from '../support/long-timers.ts';
import { startApp } from '../support/start/start-app.ts';
import { closeAfterTest, createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';

afterEach(() => void vi.restoreAllMocks());

interface Connection {
  /** Resolves when the connection is open and authenticated. */
  readonly opened: Promise<unknown>;
  /** Resolves to the reason. */
  readonly closed: Promise<unknown>;
}

interface Started {
  readonly server: { readonly clock: { now(): number; stop(): void; advance(seconds: number): void } };
  readonly mint: (claims: { readonly exp: number }) => Promise<string>;
  readonly connect: (token: string) => Connection;
}

@Resolver()
class TicksResolver {
  @Query(() => String)
  me() {
    return 'me';
  }

  @Subscription(() => String)
  async *ticks() {
    yield { ticks: 'first' };
    await new Promise(() => {});
  }
}

@Controller()
class TicksController {
  @GrpcMethod('Items', 'Ticks')
  ticks(): Observable<object> {
    return concat(of({ text: 'first' }), NEVER);
  }
}

async function startGraphql(
  driver: unknown,
  adapter: 'express' | 'fastify',
  options: object,
): Promise<Started> {
  const graphql = GraphQLModule.forRoot({ driver, autoSchemaFile: true, ...options } as never);
  const { url, server, mint } = await startApp(
    { imports: [graphql], providers: [TicksResolver] },
    { adapter, auth: { clockTolerance: 0 } },
  );
  const connect = (token: string): Connection => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { authorization: `Bearer ${token}` },
    });
    const send = (message: object) => socket.send(JSON.stringify(message));
    socket.once('open', () => send({ type: 'connection_init' }));
    const opened = new Promise((resolve) => {
      socket.on('message', (text) => {
        const { type } = JSON.parse(String(text)) as { type: string };
        if (type === 'connection_ack')
          send({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks }' } });
        if (type === 'next') resolve(type);
      });
    });
    return { opened, closed: new Promise((resolve) => socket.once('close', resolve)) };
  };
  return { server, mint, connect };
}

async function startGateway(adapter: typeof IoAdapter | typeof WsAdapter): Promise<Started> {
  const { url, server, mint } = await startApp(
    { providers: [StrictGateway] },
    { auth: { clockTolerance: 0 }, before: (app) => void app.useWebSocketAdapter(new adapter(app)) },
  );
  const connect = (token: string): Connection => {
    const { ask, closed } =
      adapter === WsAdapter ? connectWebSocket(url, token) : connectSocketIo(url, { token });
    return { opened: ask('me'), closed };
  };
  return { server, mint, connect };
}

async function startGrpcStream(): Promise<Started> {
  const { client, server, mint } = await startGrpc<
    Record<'Ticks', (...args: unknown[]) => NodeJS.ReadableStream>
  >(TicksController, { auth: { clockTolerance: 0 } });
  const connect = (token: string): Connection => {
    const stream = client.Ticks({}, createGrpcMetadata(token));
    closeAfterTest(() => (stream as unknown as { cancel(): void }).cancel());
    return {
      opened: new Promise((resolve) => stream.once('data', resolve)),
      closed: new Promise((resolve) =>
        stream.once('error', (error) => resolve((error as { code?: number }).code)),
      ),
    };
  };
  return { server, mint, connect };
}

describe.each<[string, () => Promise<Started>, unknown]>([
  ['a plain WebSocket', () => startGateway(WsAdapter), '4401 The access token has expired'],
  ['socket.io', () => startGateway(IoAdapter), 'io server disconnect'],
  [
    'GraphQL over a WebSocket, with Apollo',
    () => startGraphql(ApolloDriver, 'express', { subscriptions: { 'graphql-ws': true } }),
    4401,
  ],
  [
    'GraphQL over a WebSocket, with Mercurius',
    () => startGraphql(MercuriusDriver, 'fastify', { subscription: true }),
    4401,
  ],
  ['a gRPC stream', startGrpcStream, 16],
])('%s', (_, start, expected) => {
  test.each([30, 60])('ends with a token of %d days, and not before', async (days) => {
    const { server, mint, connect } = await start();
    server.clock.stop();
    const timers = holdLongTimers();
    const exp = Math.floor(server.clock.now() / 1000) + days * 86_400;
    const remaining = (exp * 1000 - server.clock.now()) / 86_400_000;
    const { opened, closed } = connect(await mint({ exp }));
    await opened;
    const isClosed = vi.fn();
    void closed.then(isClosed);
    let waited = 0;
    while (remaining - waited > 1e-9) {
      expect(timers.count()).toBe(1);
      expect(isClosed).not.toHaveBeenCalled();
      waited += timers.expire();
      await new Promise(setImmediate);
    }
    expect(waited).toBeCloseTo(remaining, 9);
    expect(await closed).toBe(expected);
  });
});
