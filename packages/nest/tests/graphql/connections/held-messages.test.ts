import { ApolloDriver } from '@nestjs/apollo';
import { Args, GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { type Adapter, startApp } from '../../support/start/start-app.ts';

// Messages that a client sends while the token of its GraphQL connection is verified.

let read = 0;
let handled = 0;
beforeEach(() => {
  read = 0;
  handled = 0;
});

@Resolver()
class ItemsResolver {
  @Query(() => String)
  item() {
    return 'item';
  }

  @Subscription(() => String)
  async *added(@Args('data', { type: () => String }) data: string) {
    handled++;
    yield { added: `${data.length} characters` };
  }
}

/** Counts the messages that the server reads after the first one, `connection_init`. */
const countMessages = (socket: WebSocket) => void socket.on('message', () => void read++);

const apollo = {
  driver: ApolloDriver,
  playground: false,
  subscriptions: {
    'graphql-ws': {
      onConnect: ({ extra }: { readonly extra: { readonly socket: WebSocket } }) =>
        countMessages(extra.socket),
    },
  },
};
const mercurius = {
  driver: MercuriusDriver,
  subscription: {
    fullWsTransport: true,
    context: (socket: WebSocket) => {
      countMessages(socket);
      return {};
    },
  },
};
const servers: readonly { readonly name: string; readonly adapter: Adapter; readonly module: object }[] = [
  { name: 'Apollo on Express', adapter: 'express', module: apollo },
  { name: 'Apollo on Fastify', adapter: 'fastify', module: apollo },
  { name: 'Mercurius on Fastify', adapter: 'fastify', module: mercurius },
];

const count = 20;
const data = 'x'.repeat(1000);

function createSignal() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe.each(servers)('N32: messages of a GraphQL connection: $name', ({ adapter, module }) => {
  async function start() {
    const decides = createSignal();
    const permitted = createSignal();
    let issuer: Awaited<ReturnType<typeof startApp>>['server'] | undefined;
    const app = await startApp(
      {
        imports: [GraphQLModule.forRoot({ autoSchemaFile: true, ...module } as never)],
        providers: [ItemsResolver],
      },
      {
        adapter,
        auth: {
          timeout: 60_000,
          fetch: async (...args: Parameters<typeof fetch>) => {
            decides.resolve();
            await permitted.promise;
            return issuer!.fetch(...args);
          },
        },
      },
    );
    issuer = app.server;
    /** Exchanges requests with the server, which reads from its other connections meanwhile. */
    const exchangeRequests = async () => {
      for (let sent = 0; sent < 5; sent++) await app.call('/');
    };
    /** Connects, and sends further operations while the token is verified for the first one. */
    const connect = async (token: string) => {
      const client = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      /** The identifiers of the operations that the server has rejected. */
      const rejected = new Set<string>();
      client.on('message', (message) => {
        const { id, type, payload } = JSON.parse(String(message));
        if (type === 'error' || payload?.errors) rejected.add(id);
      });
      const send = (message: object) => client.send(JSON.stringify(message));
      const subscribe = (id: number) =>
        send({
          id: String(id),
          type: 'subscribe',
          payload: { query: 'subscription ($data: String!) { added(data: $data) }', variables: { data } },
        });
      await new Promise((resolve) => client.once('open', resolve));
      send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
      await new Promise((resolve) => client.once('message', resolve));
      subscribe(0);
      await decides.promise;
      await exchangeRequests();
      expect({ read, handled }).toEqual({ read: 1, handled: 0 });
      for (let id = 1; id <= count; id++) subscribe(id);
      await exchangeRequests();
      return { rejected };
    };
    return { ...app, connect, permit: permitted.resolve };
  }

  test('are read only after its token was verified, and then all are handled', async () => {
    const { connect, mint, permit } = await start();
    await connect(await mint());
    expect({ read, handled }).toEqual({ read: 1, handled: 0 });
    permit();
    await vi.waitFor(() => expect(handled).toBe(count + 1), 10_000);
    expect(read).toBe(count + 1);
  });

  test('are rejected and not handled if its token is rejected', async () => {
    const { connect, mint, permit } = await start();
    const { rejected } = await connect(await mint({}, { foreignKey: true }));
    expect({ read, handled, rejected: rejected.size }).toEqual({ read: 1, handled: 0, rejected: 0 });
    permit();
    await vi.waitFor(() => expect(rejected.size).toBe(count + 1), 10_000);
    expect(handled).toBe(0);
  });
});
