import type { EventEmitter } from 'node:events';
import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { Inject, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayConnection, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { Manager, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConnectionAuthenticator } from '../../src/index.ts';
import { testPrincipal } from '../../src/testing/index.ts';
import { startApp } from '../support/start/start-app.ts';

const managers: Manager[] = [];
afterEach(() => {
  for (const each of managers.splice(0)) each._close();
  vi.useRealTimers();
});

interface Client extends EventEmitter {
  readonly id: string;
  readonly nsp: { readonly name: string };
  readonly conn: EventEmitter;
}

interface Server {
  use(middleware: (client: Client, next: (error?: Error) => void) => void): void;
}

/** Where the gateways authenticate their connections. */
type Place = 'middleware' | 'handleConnection' | 'both';

const names = Array.from({ length: 24 }, (_, index) => `/n${index}`);

/** Accepts the first namespace only, which keeps the connection open. */
const rejectOthers = ({ nsp }: Client) => (nsp.name === names[0] ? undefined : new Error('not now'));

/** Starts a gateway for each name, and opens one connection. The tokens have no expiry and are verified again. */
async function start(place: Place, reject: (client: Client) => Error | undefined = () => undefined) {
  const clients: Client[] = [];

  const createGateway = (namespace: string): Type => {
    // A ping of fake timers would have no response in time.
    @WebSocketGateway({ namespace, pingInterval: 100_000_000 })
    class Gateway implements OnGatewayInit, OnGatewayConnection {
      constructor(@Inject(ConnectionAuthenticator) readonly connections: ConnectionAuthenticator) {}

      afterInit(server: Server) {
        server.use(async (client, next) => {
          clients.push(client);
          if (place !== 'handleConnection') await this.connections.authenticate(client);
          next(reject(client));
        });
      }

      async handleConnection(client: object) {
        if (place !== 'middleware') await this.connections.authenticate(client);
      }
    }
    return Gateway;
  };

  const accessToken = { ...testPrincipal(), expiresAt: undefined } as never;
  const verifyToken = vi.fn(async () => accessToken);
  const verifier = {
    verifyToken,
    verifyOptional: async () => new AuthenticatedRequest({ scheme: 'Bearer', token: 'opaque' }, accessToken),
    findCachedRequest: () => undefined,
  } as unknown as AccessTokenVerifier;
  const { url } = await startApp(
    { providers: names.map(createGateway) },
    {
      auth: { issuer: undefined, audience: undefined, fetch: undefined, now: undefined, verifier } as never,
      before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    },
  );
  const manager = new Manager(url, { transports: ['websocket'], reconnection: false });
  managers.push(manager);
  /** Connects to a namespace. Settles with the event of the result. */
  const join = (name: string) =>
    new Promise<{ socket: Socket; event: string }>((resolve) => {
      const socket = manager.socket(name, { auth: { token: 'opaque' } });
      socket.once('connect', () => resolve({ socket, event: 'connect' }));
      socket.once('connect_error', () => resolve({ socket, event: 'connect_error' }));
    });
  /** Leaves a namespace. Settles when the server has received it. */
  const leave = async (socket: Socket) => {
    const client = clients.find(({ id }) => id === socket.id);
    const left = new Promise((resolve) => client?.once('disconnect', resolve));
    socket.disconnect();
    await left;
  };
  return { clients, join, leave, verifyToken };
}

const countCloseListeners = (client: Client | undefined) => client?.conn.listenerCount('close') ?? Number.NaN;

describe.each(['middleware', 'handleConnection', 'both'] as const)(
  'N22: the namespaces of one connection of socket.io that authenticate in %s',
  (place) => {
    test('share one listener, which is removed when the last of them disconnects', async () => {
      const { clients, join, leave } = await start(place);
      const warning = vi.spyOn(process, 'emitWarning');
      const sockets: Socket[] = [];
      const counts: number[] = [];
      for (const name of names) {
        const { socket, event } = await join(name);
        expect(event).toBe('connect');
        sockets.push(socket);
        counts.push(countCloseListeners(clients[0]));
      }
      expect(new Set(clients.map(({ conn }) => conn)).size).toBe(1);
      expect(new Set(counts).size).toBe(1);
      // One listener is Nest's, the other one is that of the package.
      for (const each of clients) expect(each.listenerCount('disconnect')).toBe(2);

      const [first, ...others] = sockets;
      for (const each of others) await leave(each);
      expect(countCloseListeners(clients[0])).toBe(counts[0]);
      const closed = new Promise((resolve) => clients[0]?.conn.once('close', resolve));
      if (first) await leave(first);
      // The listener of this test has been added, and that of the package has been removed.
      expect(countCloseListeners(clients[0])).toBe((counts[0] ?? 0) + (place === 'handleConnection' ? 1 : 0));
      await closed;
      expect(warning).not.toHaveBeenCalled();
    });

    test('have their tokens verified again until they disconnect', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { join, leave, verifyToken } = await start(place);
      const first = await join('/n0');
      const second = await join('/n1');
      const countVerifications = async () => {
        verifyToken.mockClear();
        await vi.advanceTimersByTimeAsync(30_000);
        return verifyToken.mock.calls.length;
      };
      expect(await countVerifications()).toBe(2);
      await leave(first.socket);
      expect(await countVerifications()).toBe(1);
      await leave(second.socket);
      expect(await countVerifications()).toBe(0);
    });
  },
);

describe('N22: clients that a middleware of socket.io has authenticated', () => {
  test('are not verified again after the middleware has rejected them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { clients, join, verifyToken } = await start('middleware', rejectOthers);
    for (const name of names)
      expect((await join(name)).event).toBe(name === names[0] ? 'connect' : 'connect_error');
    expect(new Set(clients.map(({ conn }) => conn)).size).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    // The verification of the last rejected client ends when another client connects, or with the connection.
    expect(verifyToken).toHaveBeenCalledTimes(2);
  });

  test('are not verified again after their connection has closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { clients, join, verifyToken } = await start('middleware', rejectOthers);
    for (const name of names.slice(0, 2)) await join(name);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(verifyToken).toHaveBeenCalledTimes(2);
    const closed = new Promise((resolve) => clients[0]?.conn.once('close', resolve));
    for (const each of managers) each._close();
    await closed;
    verifyToken.mockClear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(verifyToken).not.toHaveBeenCalled();
  });
});
