import { EventEmitter } from 'node:events';
import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionAuthenticator, Public } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

// The server has read many messages of a connection before its token is verified.

const handled: unknown[] = [];
let connected: ((client: EventEmitter) => void) | undefined;
beforeEach(() => void handled.splice(0));

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  handleConnection(client: EventEmitter) {
    connected?.(client);
  }

  @SubscribeMessage('add')
  add(@MessageBody() item: unknown) {
    handled.push(item);
  }
}

@WebSocketGateway()
class AuthenticatedGateway extends ItemsGateway {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {
    super();
  }

  override async handleConnection(client: EventEmitter) {
    super.handleConnection(client);
    await this.connections.authenticate(client);
  }
}

@Public()
@WebSocketGateway()
class PublicGateway extends AuthenticatedGateway {}

/** Starts an application whose verifier waits until `permit()` is called. */
async function start(gateway: typeof ItemsGateway | typeof AuthenticatedGateway = ItemsGateway) {
  let permit = () => {};
  const permitted = new Promise<void>((resolve) => {
    permit = resolve;
  });
  const app = await startApp(
    { providers: [gateway] },
    {
      auth: {
        fetch: async (...args: Parameters<typeof fetch>) => {
          await permitted;
          return app.server.fetch(...args);
        },
      },
      before: (application) => void application.useWebSocketAdapter(new IoAdapter(application)),
    },
  );
  const connect = async () => {
    const found = new Promise<EventEmitter>((resolve) => {
      connected = resolve;
    });
    const client = io(app.url, { auth: { token: await app.mint() }, reconnection: false, forceNew: true });
    const closed = new Promise<string>((resolve) => client.once('disconnect', resolve));
    return { closed, connection: await found };
  };
  return { ...app, permit, connect };
}

/** Emits messages on the server, as if they had been in one packet. */
function receive(connection: EventEmitter, count: number): void {
  for (let item = 0; item < count; item++) EventEmitter.prototype.emit.call(connection, 'add', item);
}

describe.each([
  ['the guard authenticates', ItemsGateway, 5001],
  ['authenticate() is called', AuthenticatedGateway, 5000],
  ['authenticate() is called, and the handler is public', PublicGateway, 5000],
] as const)('N32: %s', (_, gateway, limit) => {
  test('as many messages as the limit can wait, and all of them are handled in their order', async () => {
    const { connect, permit } = await start(gateway);
    const { connection } = await connect();
    receive(connection, limit);
    permit();
    await vi.waitFor(() => expect(handled).toHaveLength(limit));
    expect(handled).toEqual(Array.from({ length: limit }, (_each, index) => index));
  });

  test('a connection with more of them closes, and none of them is handled', async () => {
    const { connect, permit, call } = await start(gateway);
    const { connection, closed } = await connect();
    receive(connection, limit + 1);
    expect(await closed).toBe('io server disconnect');
    permit();
    for (let sent = 0; sent < 20; sent++) await call('/');
    expect(handled).toEqual([]);
  });
});

test('N32: while many messages of other connections wait, a connection with few of them continues', async () => {
  const { connect, permit } = await start(AuthenticatedGateway);
  const others = [await connect(), await connect()];
  for (const { connection } of others) receive(connection, 5000);
  const few = await connect();
  receive(few.connection, 20);
  const many = await connect();
  receive(many.connection, 21);
  expect(await many.closed).toBe('io server disconnect');
  permit();
  await vi.waitFor(() => expect(handled).toHaveLength(10_020));
});

test('N32: a WebSocket with more waiting messages closes with code 1008', async () => {
  const { app, mint, permit } = await start();
  const client = Object.assign(new EventEmitter(), { readyState: 1, close: vi.fn(), send() {} });
  const request = { headers: { authorization: `Bearer ${await mint()}` } };
  const authenticator = app.get(ConnectionAuthenticator);
  const first = authenticator.authenticate(client, request);
  // The first one verifies the token, and the others wait.
  const others = Array.from({ length: 5000 }, () => authenticator.authenticate(client, request));
  expect(client.close).not.toHaveBeenCalled();
  expect(await authenticator.authenticate(client, request)).toBeUndefined();
  const reason = 'Too many messages wait for the verification of the access token';
  expect(client.close.mock.calls[0]).toEqual([1008, reason]);
  permit();
  expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set([undefined]));
  client.emit('close');
});
