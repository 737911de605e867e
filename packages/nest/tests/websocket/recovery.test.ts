import { Controller, Get, Inject, type Type, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { expect, test, vi } from 'vitest';
import {
  AccessTokenGuard,
  ConnectionAuthenticator,
  OptionalAuth,
  Principal,
  Public,
} from '../../src/index.ts';
import { startApp } from '../support/start-app.ts';

const connectionStateRecovery = { maxDisconnectionDuration: 60_000 };

/** Recovers the clients of every gateway. */
class RecoveringAdapter extends IoAdapter {
  override createIOServer(port: number, options?: object) {
    return super.createIOServer(port, { ...options, connectionStateRecovery } as never);
  }
}

interface Client {
  readonly recovered: boolean;
  readonly rooms: Set<string>;
  readonly connected: boolean;
  data: unknown;
  join(room: string): void;
}

const clients: Client[] = [];

@WebSocketGateway()
class RoomsGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: Client) {
    const authenticated = await this.connections.authenticate(client);
    if (authenticated && !client.recovered) client.join(`user:${authenticated.accessToken.sub}`);
    clients.push(client);
  }

  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

/** Does not authenticate connections, only messages. */
@WebSocketGateway()
class MessagesGateway implements OnGatewayConnection {
  handleConnection(client: Client) {
    if (!client.recovered) client.join('room');
    clients.push(client);
  }

  @OptionalAuth()
  @SubscribeMessage('me')
  me(@Principal() principal: { sub: string } | undefined) {
    return { event: 'me', data: principal?.sub ?? 'anonymous' };
  }
}

async function start(gateway: new (...args: never[]) => object) {
  clients.length = 0;
  const testApp = await startApp(
    { providers: [gateway] },
    { before: (app) => void app.useWebSocketAdapter(new RecoveringAdapter(app)) },
  );
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
    return { ask, drop, close: () => void socket.close() };
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

@WebSocketGateway({ connectionStateRecovery } as never)
class OptionsGateway extends RoomsGateway {}

@WebSocketGateway()
class ServerGateway extends RoomsGateway {
  @WebSocketServer()
  server: unknown;
}

@WebSocketGateway({ namespace: 'items' })
class NamespaceGateway extends ServerGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class BroadcastGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class PublicGateway {
  @Public()
  @SubscribeMessage('news')
  news() {
    return { event: 'news', data: 'news' };
  }
}

test.each([
  [OptionsGateway, IoAdapter],
  [ServerGateway, RecoveringAdapter],
  [NamespaceGateway, RecoveringAdapter],
  [BroadcastGateway, IoAdapter],
])('N30: an application with recovery in %o does not start', async (gateway, Adapter) => {
  const before = (app: never) =>
    void (app as { useWebSocketAdapter(a: object): void }).useWebSocketAdapter(new Adapter(app));
  await expect(startApp({ providers: [gateway] }, { before: before as never })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(`connectionStateRecovery of socket.io is set for ${gateway.name}`),
  });
});

@WebSocketGateway({ connectionStateRecovery } as never)
class MessageOptionsGateway extends MessagesGateway {}

@UseGuards(AccessTokenGuard)
@WebSocketGateway({ connectionStateRecovery } as never)
class GuardedGateway {
  @SubscribeMessage('me')
  me() {}
}

@WebSocketGateway({ connectionStateRecovery } as never)
class GuardedMessageGateway {
  @UseGuards(AccessTokenGuard)
  @SubscribeMessage('me')
  me() {}
}

@WebSocketGateway({ connectionStateRecovery } as never)
class PrivateFieldGateway {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    this.#connections = connections;
  }

  handleConnection(client: object) {
    return this.#connections.authenticate(client);
  }
}

@WebSocketGateway({ connectionStateRecovery } as never)
class PropertyGateway {
  @Inject(ConnectionAuthenticator)
  readonly connections!: ConnectionAuthenticator;
}

@Public()
@WebSocketGateway({ connectionStateRecovery } as never)
class PublicFeedGateway {
  @WebSocketServer()
  server: unknown;
}

@WebSocketGateway({ connectionStateRecovery } as never)
class InheritedFeedGateway extends PublicFeedGateway {}

@Public()
@WebSocketGateway({ connectionStateRecovery } as never)
class AuthenticatedFeedGateway extends PrivateFieldGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class CookieGateway {
  @SubscribeMessage('me')
  me() {}
}

@UseGuards(AccessTokenGuard)
@Controller()
class ItemsController {
  @Get()
  list() {
    return [];
  }
}

const startWithOptions = (gateway: Type, auth: object = {}) =>
  startApp(
    { controllers: [ItemsController], providers: [gateway] },
    { auth, before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );

test.each([MessageOptionsGateway, PrivateFieldGateway, PropertyGateway, AuthenticatedFeedGateway])(
  'N30: an application with recovery in %o does not start with the global guard',
  async (gateway) => {
    await expect(startWithOptions(gateway)).rejects.toMatchObject({ code: 'invalid_option' });
  },
);

test.each([
  OptionsGateway,
  GuardedGateway,
  GuardedMessageGateway,
  PrivateFieldGateway,
  PropertyGateway,
  AuthenticatedFeedGateway,
])('N30: without a global guard, an application with recovery in %o does not start', async (gateway) => {
  await expect(startWithOptions(gateway, { globalGuard: false })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(gateway.name),
  });
});

test.each([PublicGateway, PublicFeedGateway, InheritedFeedGateway])(
  'N30: %o is public, and may use recovery',
  async (gateway) => {
    await startWithOptions(gateway);
    await startWithOptions(gateway, { globalGuard: false });
  },
);

test.each([CookieGateway, BroadcastGateway])(
  'N30: %o, whose users this package does not authenticate, may use recovery',
  async (gateway) => {
    await startWithOptions(gateway, { globalGuard: false });
  },
);
