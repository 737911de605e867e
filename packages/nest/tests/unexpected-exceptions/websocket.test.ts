import type { IncomingMessage } from 'node:http';
import { type INestApplication, Inject, type Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { AccessTokenError, type AccessTokenVerifier, ConnectionAuthenticator } from '../../src/index.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  watchLogs,
} from '../support/fault-points.ts';
import {
  connectSocketIo,
  connectWebSocket,
  ItemsGateway,
  StrictGateway,
} from '../support/gateways/items-gateway.ts';
import { type StartOptions, startApp } from '../support/start/start-app.ts';

@WebSocketGateway()
class WritersGateway extends ItemsGateway implements OnGatewayConnection {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    super();
    this.#connections = connections;
  }

  async handleConnection(client: object, request?: IncomingMessage) {
    const requirements = { scopes: ['items:write'] };
    await this.#connections.authenticate(client, request, { requirements });
  }
}

interface Connection {
  readonly ask: (event: string) => Promise<unknown>;
  readonly closed: Promise<string>;
  readonly close: () => void;
}

const { lines, listen } = watchLogs();

interface Kind {
  readonly name: string;
  readonly adapter: (app: INestApplication) => IoAdapter | WsAdapter;
  readonly connect: (url: string, token: string | undefined) => Connection;
  /** The close code and reason of a rejected connection, by HTTP status. */
  readonly rejected: Readonly<Record<number, string>>;
}

const socketIo: Kind = {
  name: 'socket.io',
  adapter: (app) => new IoAdapter(app),
  connect: (url, token) => connectSocketIo(url, token === undefined ? {} : { token }),
  rejected: { 401: 'io server disconnect', 403: 'io server disconnect', 503: 'io server disconnect' },
};
const plain: Kind = {
  name: 'plain WebSocket',
  adapter: (app) => new WsAdapter(app),
  connect: connectWebSocket,
  rejected: {
    401: '4401 The access token could not be verified',
    403: "4403 The access token lacks the scope 'items:write'",
    503: '1013 Try again later',
  },
};

async function start(kind: Kind, gateway: Type<ItemsGateway>, options: StartOptions = {}) {
  const testApp = await startApp(
    { providers: [gateway] },
    {
      ...options,
      before(app) {
        app.useWebSocketAdapter(kind.adapter(app));
        listen(app);
      },
    },
  );
  const connect = (token?: string) => kind.connect(testApp.url, token);
  return { ...testApp, connect };
}

const connectionFaultPoints = faultPoints.filter(({ requestsOnly }) => !requestsOnly);

describe.each([socketIo, plain])('N1: messages over $name', (kind) => {
  // A plain WebSocket has to be authenticated when it connects, with the same verifier.
  const gateway = kind === plain ? StrictGateway : ItemsGateway;
  const cases = connectionFaultPoints.filter(({ handler }) => kind === socketIo || handler !== undefined);

  test.each(cases)(
    '$name: rejects the message, logs one line, and handles the next message',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { connect, mint, server } = await start(kind, gateway, {
        module: createFaultyModule(faultPoint, trigger),
      });
      const token = await mint({ scope: 'items:write' });
      trigger.secret = token;
      const client = connect(faultPoint.anonymous ? undefined : token);
      // The connection is authenticated before the verifier throws.
      if (kind === plain) await client.ask('me');
      trigger.armed = true;
      const handler = faultPoint.handler ?? 'me';
      const reply = (await client.ask(handler)) as { event: string; data: { statusCode?: number } };
      expect(reply.event === 'exception' ? reply.data.statusCode : 200).toBe(faultPoint.status);
      expect(JSON.stringify(reply)).not.toContain(exceptionText);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
      trigger.armed = false;
      server.clock.advance(60);
      const next = faultPoint.anonymous ? connect(token) : client;
      expect(await next.ask(handler)).toEqual({ event: handler, data: 'alice' });
      client.close();
      next.close();
    },
  );
});

describe.each([socketIo, plain])('N1: a connection hook of $name', (kind) => {
  const cases = connectionFaultPoints.filter(
    ({ handler, status, lines }) => !handler && status !== 200 && lines !== 0,
  );

  test.each([...cases, ...connectionFaultPoints.filter(({ status }) => status === 503)])(
    '$name: closes the connection, logs one line, and accepts the next connection',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { connect, mint, server } = await start(kind, StrictGateway, {
        module: createFaultyModule(faultPoint, trigger),
      });
      const token = await mint();
      trigger.secret = token;
      trigger.armed = true;
      const rejected = connect(faultPoint.anonymous ? undefined : token);
      expect(await rejected.closed).toBe(kind.rejected[faultPoint.status]);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
      trigger.armed = false;
      server.clock.advance(60);
      const next = connect(token);
      expect(await next.ask('me')).toEqual({ event: 'me', data: 'alice' });
      next.close();
    },
  );

  test('N1: checks the requirements of the token without an exception', async () => {
    const { connect, mint } = await start(kind, WritersGateway);
    expect(await connect(await mint({ scope: 'items:read' })).closed).toBe(kind.rejected[403]);
    const writer = connect(await mint({ scope: 'items:write' }));
    expect(await writer.ask('me')).toEqual({ event: 'me', data: 'alice' });
    writer.close();
  });
});

/** The part of a socket.io server that the test uses. */
interface MiddlewareHost {
  use(middleware: (socket: { readonly handshake: unknown }, next: () => void) => void): void;
}

test('N1: rejects a socket.io connection whose handshake throws when it is read', async () => {
  let armed = true;
  const hostile = (app: INestApplication) => {
    const adapter = new IoAdapter(app);
    const create = adapter.createIOServer.bind(adapter);
    adapter.createIOServer = (...args: Parameters<typeof create>) => {
      const server = create(...args);
      (server as unknown as MiddlewareHost).use((socket, next) => {
        const { handshake } = socket;
        Object.defineProperty(socket, 'handshake', {
          get() {
            if (armed) throw new Error(exceptionText);
            return handshake;
          },
        });
        next();
      });
      return server;
    };
    return adapter;
  };
  const kind = { ...socketIo, adapter: hostile };
  for (const gateway of [ItemsGateway, StrictGateway]) {
    armed = true;
    lines.length = 0;
    const { connect, mint } = await start(kind, gateway);
    const client = connect(await mint());
    if (gateway === StrictGateway) expect(await client.closed).toBe('io server disconnect');
    else {
      const reply = await client.ask('me');
      expect(reply).toMatchObject({ event: 'exception', data: { statusCode: 401 } });
      expect(JSON.stringify(reply)).not.toContain(exceptionText);
    }
    expect(lines).toHaveLength(1);
    client.close();
    armed = false;
    const next = connect(await mint());
    expect(await next.ask('me')).toEqual({ event: 'me', data: 'alice' });
    next.close();
  }
});

test('N1: terminates a plain WebSocket that throws when it is closed', async () => {
  const hostile = (app: INestApplication) => {
    const adapter = new WsAdapter(app);
    const bind = adapter.bindClientConnect.bind(adapter);
    adapter.bindClientConnect = (server: never, callback: (...args: unknown[]) => void) =>
      bind(server, (client: WebSocket, ...rest: unknown[]) => {
        client.close = () => {
          throw new RangeError(exceptionText);
        };
        callback(client, ...rest);
      });
    return adapter;
  };
  const { connect } = await start({ ...plain, adapter: hostile }, StrictGateway);
  expect(await connect().closed).toBe('1006 ');
  expect(lines).toHaveLength(1);
});

test('N1: shortens the text of a rejection to the size of a close frame', async () => {
  const reject = () => {
    throw new AccessTokenError('invalid_token', 'ü'.repeat(500), { status: 401, challenges: [] });
  };
  const verifier = { verifyOptional: reject } as unknown as AccessTokenVerifier;
  const { connect } = await start(plain, StrictGateway, { auth: { verifier } });
  expect(await connect('abc').closed).toBe(`4401 ${'ü'.repeat(61)}`);
});
