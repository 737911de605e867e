import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayConnection, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { ConnectionAuthenticator } from '../../src/index.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  watchLogs,
} from '../support/fault-points.ts';
import { type StartOptions, startApp } from '../support/start/start-app.ts';

const { lines, listen } = watchLogs();

interface Client {
  readonly connected: boolean;
}

interface Server {
  use(middleware: (client: Client, next: () => void) => void): void;
}

/** Where the gateway authenticates its connections. */
type Place = 'middleware' | 'both';

/** Starts a gateway that authenticates in a middleware of socket.io, before the client is connected. */
async function start(place: Place, module?: StartOptions['module']) {
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
      ...(module && { module }),
      before: (app) => {
        app.useWebSocketAdapter(new IoAdapter(app));
        listen(app);
      },
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
    const errors: string[] = [];
    socket.on('connect_error', ({ message }) => void errors.push(message));
    return { connected, closed, errors, close: () => void socket.close() };
  };
  return { connect, mint, now, server, clients, results };
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

const handshakeFaultPoints = faultPoints.filter(
  ({ requestsOnly, handler, status }) => !requestsOnly && !handler && status !== 200,
);

describe.each(['middleware', 'both'] as const)('N1: authenticate() of socket.io in %s', (place) => {
  test.each(handshakeFaultPoints)(
    '$name: closes the connection, logs one line, and accepts the next connection',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { connect, mint, server, results } = await start(place, createFaultyModule(faultPoint, trigger));
      const token = await mint();
      trigger.secret = token;
      trigger.armed = true;
      const client = connect(faultPoint.anonymous ? undefined : token);
      expect(await client.closed).toBe('transport close');
      expect(client.errors.join()).not.toContain(exceptionText);
      expect(results).toEqual([undefined]);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
      trigger.armed = false;
      // After a failed fetch, keys are fetched again after a pause.
      server.clock.advance(60);
      const next = connect(token);
      await next.connected;
      expect(results.at(-1)?.accessToken.sub).toBe('alice');
      next.close();
    },
  );
});
