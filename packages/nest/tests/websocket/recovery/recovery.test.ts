import { type INestApplication, Inject, Logger } from '@nestjs/common';
import {
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { expect, test, vi } from 'vitest';
import { ConnectionAuthenticator, Principal } from '../../../src/index.ts';
import {
  type Client,
  clients,
  MessagesGateway,
  RecoveringAdapter,
  RoomsGateway,
} from '../../support/gateways/recovering-gateways.ts';
import { startApp } from '../../support/start/start-app.ts';

async function start(gateway: new (...args: never[]) => object, recovery: object = {}) {
  clients.length = 0;
  const before = (app: INestApplication) =>
    void app.useWebSocketAdapter(Object.assign(new RecoveringAdapter(app), { recovery }));
  const testApp = await startApp({ providers: [gateway] }, { before });
  let token: string | undefined;
  const connect = () => {
    const socket = io(testApp.url, {
      auth: (send) => send(token === undefined ? {} : { token }),
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    const ask = (event: string) =>
      new Promise<unknown>((resolve) => {
        socket.once(event, resolve);
        socket.once('exception', resolve);
        socket.once('disconnect', resolve);
        socket.emit(event, {});
      });
    /** Ends the transport, as a network does, and connects again. */
    const drop = async () => {
      socket.io.engine.close();
      await vi.waitUntil(() => clients[0]?.connected === false, { interval: 1, timeout: 5000 });
      socket.connect();
    };
    /** Waits until the server has rejected the next connection. */
    const waitForEnd = () =>
      new Promise<void>((resolve) => {
        socket.once('connect_error', () => resolve());
        socket.once('disconnect', () => socket.once('disconnect', () => resolve()));
      });
    return { ask, drop, waitForEnd, close: () => void socket.close() };
  };
  /** Waits for the client with this index. */
  const waitForClient = (index: number) => vi.waitUntil(() => clients[index], { interval: 1, timeout: 5000 });
  return {
    ...testApp,
    connect,
    waitForClient,
    setToken: (next: string | undefined) => {
      token = next;
    },
  };
}

test.each([
  ['alice', 'alice', true],
  ['alice', 'bob', false],
  ['alice', undefined, false],
] as const)('N30: the connection of %s, continued by %s, keeps its rooms: %s', async (one, other, isKept) => {
  const { connect, waitForClient, setToken, mint } = await start(RoomsGateway);
  setToken(await mint({ sub: one }));
  const connection = connect();
  // A client is recovered only after it has received a packet.
  expect(await connection.ask('me')).toBe(one);
  const first = await waitForClient(0);
  expect(first.rooms).toContain('user:alice');
  setToken(other && (await mint({ sub: other })));
  await connection.drop();
  const second = await waitForClient(1);
  expect(second.recovered).toBe(true);
  expect(second.connected).toBe(isKept);
  expect(second.rooms.has('user:alice')).toBe(isKept);
  connection.close();
});

test('N30: a connection whose saved user the application has removed is closed', async () => {
  const { connect, waitForClient, setToken, mint } = await start(RoomsGateway);
  setToken(await mint());
  const connection = connect();
  expect(await connection.ask('me')).toBe('alice');
  (await waitForClient(0)).data = {};
  await connection.drop();
  const second = await waitForClient(1);
  expect([second.recovered, second.connected]).toEqual([true, false]);
  connection.close();
});

test.each(['bob', undefined])('N30: a message of %s on a recovered connection closes it', async (other) => {
  const { connect, waitForClient, setToken, mint } = await start(MessagesGateway);
  setToken(await mint());
  const connection = connect();
  expect(await connection.ask('me')).toBe('alice');
  setToken(other && (await mint({ sub: other })));
  await connection.drop();
  const second = await waitForClient(1);
  expect(second.rooms).toContain('room');
  expect(await connection.ask('me')).not.toBe(other ?? 'anonymous');
  await vi.waitUntil(() => !second.connected, { interval: 1 });
  expect(second.rooms.size).toBe(0);
  connection.close();
});

/** Authenticates in a middleware, as the guide describes. */
@WebSocketGateway()
class MiddlewareGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  afterInit(server: { use(middleware: (client: Client, next: (error?: Error) => void) => void): void }) {
    server.use((client, next) => {
      void this.connections.authenticate(client).then((authenticated) => {
        if (authenticated && !client.recovered) client.join(`user:${authenticated.accessToken.sub}`);
        next(authenticated ? undefined : new Error('unauthorized'));
      });
    });
  }

  handleConnection(client: Client) {
    clients.push(client);
  }

  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

test('N30: a middleware rejects every connection if it does not run for recovered ones', async () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  const { url, mint } = await start(MiddlewareGateway);
  const socket = io(url, {
    auth: { token: await mint() },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
  });
  await new Promise<void>((resolve) => {
    for (const event of ['connect_error', 'disconnect', 'connect']) socket.once(event, () => resolve());
  });
  expect(socket.connected).toBe(false);
  expect(clients).toEqual([]);
  expect(log.mock.calls).toEqual([
    [expect.stringContaining('set its "skipMiddlewares" to false'), expect.anything()],
  ]);
  log.mockRestore();
  socket.close();
});

test.each(['alice', 'bob', undefined])(
  'N30: a middleware that runs for recovered connections checks that of %s',
  async (other) => {
    const { connect, waitForClient, setToken, mint } = await start(MiddlewareGateway, {
      skipMiddlewares: false,
    });
    setToken(await mint());
    const connection = connect();
    expect(await connection.ask('me')).toBe('alice');
    const first = await waitForClient(0);
    setToken(other && (await mint({ sub: other })));
    const end = connection.waitForEnd();
    await connection.drop();
    if (other === 'alice') expect(await waitForClient(1)).toMatchObject({ recovered: true, connected: true });
    else {
      await end;
      expect(clients).toEqual([first]);
    }
    connection.close();
  },
);
