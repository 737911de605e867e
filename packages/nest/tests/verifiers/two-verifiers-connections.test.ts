import type { IncomingMessage } from 'node:http';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Controller, type DynamicModule, Inject, type Type, UseGuards } from '@nestjs/common';
import {
  ClientProxyFactory,
  GrpcMethod,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import {
  AccessTokenGuard,
  AuthModule,
  type AuthModuleOptions,
  ConnectionAuthenticator,
  OptionalAuth,
  Principal,
  Public,
  profiles,
} from '../../src/index.ts';
import { audience, startApp } from '../support/start/start-app.ts';
import { createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';

const otherAudience = 'https://b.example.test';

@UseGuards(AccessTokenGuard)
@WebSocketGateway()
class GatewayA {
  @SubscribeMessage('a')
  a(@Principal('roles') roles: string[]) {
    return { event: 'a', data: roles };
  }

  @Public()
  @SubscribeMessage('open')
  open(@Principal('roles') roles?: string[]) {
    return { event: 'open', data: roles ?? 'anonymous' };
  }
}

@UseGuards(AccessTokenGuard)
@WebSocketGateway()
class GatewayB {
  @SubscribeMessage('b')
  b(@Principal('roles') roles: string[]) {
    return { event: 'b', data: roles };
  }
}

/** A plain WebSocket shows its handshake to `authenticate()` only. */
@WebSocketGateway()
class AuthenticatedGatewayA extends GatewayA implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {
    super();
  }

  async handleConnection(client: object, request: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }
}

@UseGuards(AccessTokenGuard)
@Controller()
class CallsA {
  @GrpcMethod('Items', 'Me')
  me(@Principal('roles') roles: string[]) {
    return { text: roles.join() };
  }

  @Public()
  @GrpcMethod('Items', 'Open')
  open(@Principal('roles') roles?: string[]) {
    return { text: roles?.join() ?? 'anonymous' };
  }
}

@UseGuards(AccessTokenGuard)
@Controller()
class CallsB {
  @GrpcMethod('Items', 'Write')
  write(@Principal('roles') roles: string[]) {
    return { text: roles.join() };
  }
}

@UseGuards(AccessTokenGuard)
@Controller()
class MessagesA {
  @MessagePattern('a')
  a(@Principal('roles') roles: string[]) {
    return roles;
  }

  @Public()
  @MessagePattern('open')
  open(@Principal('roles') roles?: string[]) {
    return roles ?? 'anonymous';
  }
}

@UseGuards(AccessTokenGuard)
@Controller()
class MessagesB {
  @OptionalAuth()
  @MessagePattern('b')
  b(@Principal('roles') roles?: string[]) {
    return roles ?? 'anonymous';
  }
}

/** Creates two modules of one issuer with different audiences. The roles of a principal contain the module's name. */
async function createModules(
  contentA: { controllers?: Type[]; providers?: Type[] },
  contentB: typeof contentA,
) {
  const { issuer, fetch, clock, mintAccessToken } = await createTestAuthorizationServer({
    resources: [audience, otherAudience],
  });
  const createModule = (name: string, moduleAudience: string, content: typeof contentA): DynamicModule => {
    class FeatureModule {}
    const profile = { ...profiles.rfc9068, roles: () => [name] };
    const options = { issuer, fetch, now: clock.now, audience: moduleAudience, profile } as AuthModuleOptions;
    const auth = AuthModule.forRoot({ ...options, globalGuard: false, isGlobal: false });
    return { module: FeatureModule, imports: [auth], ...content };
  };
  return {
    imports: [createModule('a', audience, contentA), createModule('b', otherAudience, contentB)],
    both: await mintAccessToken({ aud: [audience, otherAudience] }),
    one: await mintAccessToken({ aud: audience }),
  };
}

test('N2: separates the principals of two gateways on one connection', async () => {
  const { imports, both, one } = await createModules({ providers: [GatewayA] }, { providers: [GatewayB] });
  const { url } = await startApp(
    { imports },
    { auth: { globalGuard: false }, before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );
  const connect = (token: string) => {
    const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
    const ask = (event: string) =>
      new Promise((resolve) => {
        socket.once(event, resolve);
        socket.once('exception', resolve);
        socket.emit(event, {});
      });
    return { ask, close: () => socket.close() };
  };
  const bothConnection = connect(both);
  for (let i = 0; i < 2; i++) {
    expect(await bothConnection.ask('a')).toEqual(['a']);
    expect(await bothConnection.ask('b')).toEqual(['b']);
    expect(await bothConnection.ask('open')).toBe('anonymous');
  }
  bothConnection.close();
  const oneConnection = connect(one);
  for (let i = 0; i < 2; i++) {
    expect(await oneConnection.ask('a')).toEqual(['a']);
    expect(await oneConnection.ask('b')).toMatchObject({ statusCode: 401 });
  }
  oneConnection.close();
});

test('N2: separates the principals of messages to two modules', async () => {
  const { imports, both, one } = await createModules(
    { controllers: [MessagesA] },
    { controllers: [MessagesB] },
  );
  const options = {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: await findFreePort() },
  } as const;
  await startApp(
    { imports },
    {
      auth: { globalGuard: false },
      before: async (app) => {
        app.connectMicroservice<MicroserviceOptions>(options);
        await app.startAllMicroservices();
      },
    },
  );
  const ask = async (pattern: string, token?: string) => {
    const client = ClientProxyFactory.create(options);
    client.setOnDispatchHook((packet) => {
      if (token !== undefined) packet.metadata = { authorization: `Bearer ${token}` };
    });
    try {
      return await firstValueFrom(client.send<unknown>(pattern, {}));
    } catch (error) {
      return error;
    } finally {
      await client.close();
    }
  };
  expect(await ask('a', both)).toEqual(['a']);
  expect(await ask('b', both)).toEqual(['b']);
  expect(await ask('b')).toBe('anonymous');
  expect(await ask('open', both)).toBe('anonymous');
  expect(await ask('a', one)).toEqual(['a']);
  expect(await ask('b', one)).toMatchObject({ statusCode: 401 });
});

test('N2: separates the principals of two gateways on one plain WebSocket', async () => {
  const { imports, both, one } = await createModules(
    { providers: [AuthenticatedGatewayA] },
    { providers: [GatewayB] },
  );
  const { url } = await startApp(
    { imports },
    { auth: { globalGuard: false }, before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
  );
  const connect = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url.replace('http', 'ws'), { headers });
    await new Promise((resolve) => socket.once('open', resolve));
    const ask = (event: string) =>
      new Promise<{ readonly event: string; readonly data: unknown }>((resolve) => {
        socket.once('message', (message) => resolve(JSON.parse(String(message))));
        socket.send(JSON.stringify({ event, data: {} }));
      });
    return { ask, close: () => socket.close() };
  };
  const bothConnection = await connect(both);
  const oneConnection = await connect(one);
  for (let i = 0; i < 2; i++) {
    expect(await bothConnection.ask('a')).toEqual({ event: 'a', data: ['a'] });
    expect(await bothConnection.ask('b')).toEqual({ event: 'b', data: ['b'] });
    expect(await bothConnection.ask('open')).toEqual({ event: 'open', data: 'anonymous' });
    expect(await oneConnection.ask('a')).toEqual({ event: 'a', data: ['a'] });
    expect(await oneConnection.ask('b')).toMatchObject({ event: 'exception', data: { statusCode: 401 } });
  }
  bothConnection.close();
  oneConnection.close();
});

test('N2: separates the principals of gRPC calls to two modules', async () => {
  const { imports, both, one } = await createModules({ controllers: [CallsA] }, { controllers: [CallsB] });
  type Call = (message: object, metadata: object, callback: (error: unknown, reply: unknown) => void) => void;
  const { client } = await startGrpc<Record<'Me' | 'Write' | 'Open', Call>>(
    { imports },
    { auth: { globalGuard: false } },
  );
  const ask = (method: 'Me' | 'Write' | 'Open', token: string) =>
    new Promise((resolve) =>
      client[method]({ text: '' }, createGrpcMetadata(token), (error, reply) => resolve(error ?? reply)),
    );
  for (let i = 0; i < 2; i++) {
    expect(await ask('Me', both)).toEqual({ text: 'a' });
    expect(await ask('Write', both)).toEqual({ text: 'b' });
    expect(await ask('Open', both)).toEqual({ text: 'anonymous' });
    expect(await ask('Me', one)).toEqual({ text: 'a' });
    // 16: UNAUTHENTICATED
    expect(await ask('Write', one)).toMatchObject({ code: 16 });
  }
});
