import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayConnection, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { ConnectionAuthenticator } from '../../src/index.ts';
import { startApp } from '../support/start-app.ts';

interface Client {
  readonly connected: boolean;
}

interface Server {
  use(middleware: (client: Client, next: () => void) => void): void;
}

/** Where the gateway authenticates its connections. */
type Place = 'middleware' | 'both';

/** Starts a gateway that authenticates in a middleware of socket.io, before the client is connected. */
async function start(place: Place) {
  const clients: Client[] = [];
  const results: (AuthenticatedRequest | undefined)[] = [];

  @WebSocketGateway()
  class Gateway implements OnGatewayInit, OnGatewayConnection {
    constructor(@Inject(ConnectionAuthenticator) readonly connections: ConnectionAuthenticator) {}

    afterInit(server: Server) {
      server.use((client, next) => {
        clients.push(client);
        void this.connections.authenticate(client).then((result) => {
          results.push(result);
          next();
        });
      });
    }

    async handleConnection(client: object) {
      if (place === 'both') results.push(await this.connections.authenticate(client));
    }
  }
  const { url, mint, server } = await startApp(
    { providers: [Gateway] },
    {
      auth: { clockTolerance: 0 } as never,
      before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    },
  );
  server.clock.stop();
  const now = Math.floor(server.clock.now() / 1000);
  const connect = (token?: string) => {
    const auth = token === undefined ? {} : { token };
    const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
    const connected = new Promise<void>((resolve) => void socket.once('connect', () => resolve()));
    /** Settles when the connection is closed, before or after the client is connected. */
    const closed = new Promise<string>((resolve) => void socket.io.once('close', resolve));
    return { connected, closed, close: () => void socket.close() };
  };
  return { connect, mint, now, clients, results };
}

describe.each(['middleware', 'both'] as const)('N3: authenticate() of socket.io in %s', (place) => {
  test('closes a connection without a token or with an invalid one', async () => {
    const { connect, clients, results } = await start(place);
    for (const token of [undefined, 'abc']) expect(await connect(token).closed).toBe('transport close');
    expect(results).toEqual([undefined, undefined]);
    expect(clients.map(({ connected }) => connected)).toEqual([false, false]);
  });

  test('closes a connection when its token expires', async () => {
    const { connect, mint, now, results } = await start(place);
    const alice = connect(await mint({ exp: now + 1 }));
    await alice.connected;
    await alice.closed;
    expect(results.map((each) => each?.accessToken.sub)).toEqual(
      place === 'both' ? ['alice', 'alice'] : ['alice'],
    );
  });
});
