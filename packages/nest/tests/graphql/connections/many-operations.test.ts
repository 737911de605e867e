import { EventEmitter } from 'node:events';
import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { startApp } from '../../support/start/start-app.ts';

// The server has read many operations of GraphQL connections before their token is verified.

let handled = 0;
beforeEach(() => {
  handled = 0;
});

@Resolver()
class ItemsResolver {
  @Query(() => String)
  me() {
    handled++;
    return 'alice';
  }
}

let connected: (socket: EventEmitter) => void = () => {};
const onConnect = ({ extra }: { extra: { socket: EventEmitter } }) => connected(extra.socket);

const apollo = ['express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': { onConnect } } }] as const;
const context = (socket: EventEmitter) => {
  connected(socket);
  return {};
};
const mercurius = [
  'fastify',
  { driver: MercuriusDriver, subscription: { fullWsTransport: true, context } },
] as const;

/** Starts an application whose verifier waits until `permit()` is called. */
async function start([adapter, options]: typeof apollo | typeof mercurius) {
  let permit = () => {};
  const permitted = new Promise<void>((resolve) => {
    permit = resolve;
  });
  const app = await startApp(
    {
      imports: [GraphQLModule.forRoot({ ...options, autoSchemaFile: true } as never)],
      providers: [ItemsResolver],
    },
    {
      adapter,
      auth: {
        fetch: async (...args: Parameters<typeof fetch>) => {
          await permitted;
          return app.server.fetch(...args);
        },
      },
    },
  );
  /** Connects, and returns the WebSocket of the server. */
  const connect = async () => {
    const found = new Promise<EventEmitter>((resolve) => {
      connected = resolve;
    });
    const client = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const closed = new Promise<number>((resolve) => client.once('close', resolve));
    const acknowledged = new Promise((resolve) => client.once('message', resolve));
    await new Promise((resolve) => client.once('open', resolve));
    const payload = { authorization: `Bearer ${await app.mint()}` };
    client.send(JSON.stringify({ type: 'connection_init', payload }));
    await acknowledged;
    return { closed, connection: await found };
  };
  return { ...app, permit, connect };
}

let nextId = 0;

/** Emits operations on the server, as if they had been in one packet. */
function receive(connection: EventEmitter, count: number, query = '{ me }'): void {
  for (let index = 0; index < count; index++) {
    const message = JSON.stringify({ id: String(nextId++), type: 'subscribe', payload: { query } });
    EventEmitter.prototype.emit.call(connection, 'message', Buffer.from(message), false);
  }
}

const patience = { timeout: 120_000 };

describe.each([
  ['Apollo', apollo],
  ['Mercurius', mercurius],
] as const)('N32: operations of GraphQL that wait for a token: %s', (_, server) => {
  const createQuery = (fields: number) =>
    `{ ${Array.from({ length: fields }, (_each, index) => `f${index}: me`).join(' ')} }`;

  test('all of them are handled, and each of their fields', async () => {
    const { connect, permit } = await start(server);
    const { connection } = await connect();
    receive(connection, 2, createQuery(100));
    receive(connection, 20);
    permit();
    await vi.waitFor(() => expect(handled).toBe(220), patience);
  });

  test('a connection with more than 5,000 closes with code 1008, and none is handled', patience, async () => {
    const { connect, permit, call } = await start(server);
    const { connection, closed } = await connect();
    // The first field verifies the token. The other fields of its operation wait as one of 5,000 messages.
    receive(connection, 1, createQuery(100));
    receive(connection, 4999);
    for (let sent = 0; sent < 20; sent++) await call('/');
    expect(connection).toMatchObject({ readyState: 1 });
    receive(connection, 1);
    expect(await closed).toBe(1008);
    permit();
    for (let sent = 0; sent < 20; sent++) await call('/');
    expect(handled).toBe(0);
  });
});
