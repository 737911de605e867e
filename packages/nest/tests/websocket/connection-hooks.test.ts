import type { IncomingMessage } from 'node:http';
import {
  ForbiddenException,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  NotFoundException,
  Scope,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { AuthModule, ConnectionAuthenticator, EntityAccess } from '../../src/index.ts';
import { exceptionText, watchLogs } from '../support/fault-points.ts';
import { connectSocketIo, connectWebSocket, ItemsGateway } from '../support/gateways/items-gateway.ts';
import { audience, startApp } from '../support/start/start-app.ts';

const { lines, warnings, listen } = watchLogs();

/** What the hooks of the gateways do. */
const hooks = { connect: (): unknown => undefined, disconnect: (): unknown => undefined };
let disconnects = 0;

beforeEach(() => {
  hooks.connect = () => undefined;
  hooks.disconnect = () => undefined;
  disconnects = 0;
});

const deny = () => {
  throw new ForbiddenException('Not on Sundays');
};
const fail = () => {
  throw new Error(exceptionText);
};

/** Calls the checks of the application after `authenticate()`. */
@Injectable()
class ChecksBase extends ItemsGateway {
  @Inject(ConnectionAuthenticator) readonly connections!: ConnectionAuthenticator;
  @Inject(EntityAccess) readonly access!: EntityAccess;

  async handleConnection(client: object, request?: IncomingMessage): Promise<unknown> {
    const authenticated = await this.connections.authenticate(client, request);
    if (!authenticated) return undefined;
    if (hooks.connect === authorize)
      this.connections.verifier.authorize(authenticated, { scopes: ['admin'] });
    if (hooks.connect === requireOwner || hooks.connect === requireService) {
      const policy = hooks.connect === requireOwner ? () => false : throwOutage;
      await this.access.require(policy, { principal: authenticated.accessToken, entity: {} });
    }
    return hooks.connect();
  }

  async handleDisconnect(_client: object) {
    disconnects += 1;
    await hooks.disconnect();
  }
}

const authorize = () => undefined;
const requireOwner = () => undefined;
const requireService = () => undefined;
const throwOutage = () => {
  throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
};

@WebSocketGateway()
class ChecksGateway extends ChecksBase {}

@Injectable({ scope: Scope.REQUEST })
@WebSocketGateway()
class ScopedGateway extends ChecksBase {}

/** The hooks throw before they return a promise. */
@WebSocketGateway()
class SynchronousGateway extends ItemsGateway {
  handleConnection(_client: object) {
    hooks.connect();
  }

  handleDisconnect(_client: object) {
    disconnects += 1;
    hooks.disconnect();
  }
}

@WebSocketGateway()
class PropertyGateway extends ItemsGateway {
  handleConnection = async (_client: object) => hooks.connect();
  handleDisconnect = async (_client: object) => {
    disconnects += 1;
    hooks.disconnect();
  };
}

/** Extends another gateway, and handles the errors of its hook. */
@WebSocketGateway()
class HandlingGateway extends ChecksGateway {
  override async handleConnection(client: object, request?: IncomingMessage) {
    try {
      return await super.handleConnection(client, request);
    } catch {
      return 'handled';
    }
  }
}

interface Kind {
  readonly name: string;
  readonly adapter: (app: INestApplication) => IoAdapter | WsAdapter;
  readonly connect: (url: string, token: string) => ReturnType<typeof connectWebSocket>;
  /** How the client sees a close code and its reason. */
  readonly describe: (close: string) => string;
}

const kinds: readonly Kind[] = [
  {
    name: 'socket.io',
    adapter: (app) => new IoAdapter(app),
    connect: (url, token) => connectSocketIo(url, { token }),
    describe: () => 'io server disconnect',
  },
  {
    name: 'plain WebSocket',
    adapter: (app) => new WsAdapter(app),
    connect: connectWebSocket,
    describe: (close) => close,
  },
];

async function start(kind: Kind, gateway: Type, imports: Type[] = []) {
  const testApp = await startApp(
    { providers: [gateway], imports },
    {
      before(app) {
        app.useWebSocketAdapter(kind.adapter(app));
        listen(app);
      },
    },
  );
  const connect = async () => kind.connect(testApp.url, await testApp.mint({ scope: 'items:write' }));
  return { ...testApp, connect };
}

const gateways = [ChecksGateway, ScopedGateway, SynchronousGateway, PropertyGateway].map((gateway: Type) => ({
  name: gateway.name,
  gateway,
}));

describe.each(kinds)('N1: a connection hook of $name', (kind) => {
  test.each([
    ['authorize()', authorize, "4403 The access token lacks the scope 'admin'"],
    ['EntityAccess', requireOwner, '4403 Access is denied'],
    ['EntityAccess in an outage', requireService, '1013 Try again later'],
    ['ForbiddenException', deny, '4403 Not on Sundays'],
    [
      'UnauthorizedException',
      () => {
        throw new UnauthorizedException('Log in again');
      },
      '4401 Log in again',
    ],
    [
      'another exception of Nest',
      () => {
        throw new NotFoundException(exceptionText);
      },
      `1008 ${exceptionText}`,
    ],
    ['an unexpected exception', fail, '1013 Try again later'],
    ['a rejection without an error', () => Promise.reject(undefined), '1013 Try again later'],
  ])('%s closes the connection, and logs one line', async (_, connect, close) => {
    const { connect: open } = await start(kind, ChecksGateway);
    hooks.connect = connect;
    expect(await (await open()).closed).toBe(kind.describe(close));
    expect([...lines, ...warnings.filter((line) => line.includes('handleConnection'))]).toHaveLength(1);
    expect(lines).toHaveLength(close.startsWith('1013') ? 1 : 0);
    hooks.connect = () => undefined;
    const next = await open();
    expect(await next.ask('open')).toMatchObject({ event: 'open' });
    next.close();
  });

  test.each(gateways)('closes the connection of each kind of gateway: $name', async ({ gateway }) => {
    const { connect } = await start(kind, gateway);
    hooks.connect = deny;
    expect(await (await connect()).closed).toBe(kind.describe('4403 Not on Sundays'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `${gateway.name}.handleConnection: closed the connection with code 4403, because the hook threw ` +
        'ForbiddenException: Not on Sundays',
    );
  });

  test.each(gateways)('logs an error of handleDisconnect: $name', async ({ gateway }) => {
    const { connect } = await start(kind, gateway);
    hooks.disconnect = fail;
    for (const count of [1, 2]) {
      const client = await connect();
      await client.ask('open');
      client.close();
      await vi.waitFor(() => expect(disconnects).toBe(count));
      await vi.waitFor(() => expect(lines).toHaveLength(count));
    }
    expect(lines[0]).toContain(`${gateway.name}.handleDisconnect: the hook threw Error`);
  });

  test('leaves the errors to a hook that handles them, even those of a base class', async () => {
    const { connect } = await start(kind, HandlingGateway);
    hooks.connect = deny;
    const client = await connect();
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect([...lines, ...warnings]).toEqual([]);
    client.close();
  });

  test('handles an error once, with two modules', async () => {
    @Module({
      imports: [AuthModule.forRoot({ issuer: 'https://other.example.test', audience, isGlobal: false })],
    })
    class OtherModule {}
    const { connect } = await start(kind, SynchronousGateway, [OtherModule]);
    hooks.connect = vi.fn(fail);
    expect(await (await connect()).closed).toBe(kind.describe('1013 Try again later'));
    expect(lines).toHaveLength(1);
    expect(hooks.connect).toHaveBeenCalledOnce();
  });
});

test('N1: a hook keeps its name, its parameters, its `this` and its results', async () => {
  @WebSocketGateway()
  class ResultGateway {
    readonly values = [1];

    handleConnection(client: object, request?: object) {
      return [this.values, client, request];
    }

    async handleDisconnect(client: object) {
      return [this.values, client];
    }
  }
  const { app } = await start(kinds[1] as Kind, ResultGateway);
  const gateway = app.get(ResultGateway);
  const [client, request] = [{}, {}];
  expect(gateway.handleConnection(client, request)).toEqual([gateway.values, client, request]);
  expect(await gateway.handleDisconnect(client)).toEqual([gateway.values, client]);
  const { handleConnection } = gateway;
  expect([handleConnection.name, handleConnection.length]).toEqual(['handleConnection', 2]);
  expect(app.get(ResultGateway).handleConnection).toBe(handleConnection);
  expect(Object.keys(gateway)).toEqual(['values']);
  expect(ResultGateway.prototype.handleConnection).not.toBe(handleConnection);
});

test('N1: a client that stays connected after an error of its hook runs no handler', async () => {
  const adapter = (app: INestApplication) => {
    const wsAdapter = new WsAdapter(app);
    const bind = wsAdapter.bindClientConnect.bind(wsAdapter);
    wsAdapter.bindClientConnect = (server: never, callback: (...args: unknown[]) => void) =>
      bind(server, (client: object, ...rest: unknown[]) =>
        callback(Object.assign(client, { close: () => {} }), ...rest),
      );
    return wsAdapter;
  };
  const { connect } = await start({ ...(kinds[1] as Kind), adapter }, ChecksGateway);
  hooks.connect = deny;
  const client = await connect();
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  for (const event of ['me', 'open'])
    expect(await client.ask(event)).toMatchObject({ event: 'exception', data: { statusCode: 401 } });
  hooks.connect = () => undefined;
});

test('N1: the log of a hook contains no credential of the handshake', async () => {
  @WebSocketGateway()
  class LeakingGateway {
    handleConnection(_client: object, request: IncomingMessage) {
      throw new Error(`cannot read ${request.headers.authorization}`);
    }
  }
  const { url } = await start(kinds[1] as Kind, LeakingGateway);
  expect(await connectWebSocket(url, 'opaque-value').closed).toBe('1013 Try again later');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('opaque-value');
});
