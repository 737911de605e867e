import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Inject } from '@nestjs/common';
import {
  ClientProxyFactory,
  EventPattern,
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
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { findFreePort } from '../../../../scripts/lib/ports.ts';
import { ApplicationGuard } from '../../src/handlers/application-guard.ts';
import { ConnectionAuthenticator, Public, RequireScopes } from '../../src/index.ts';
import { ReplaceMethod } from '../support/replace-method.ts';
import { startApp } from '../support/start-app.ts';

abstract class BaseGateway {
  @RequireScopes('items:write')
  remove(): object {
    return {};
  }

  @Public()
  @SubscribeMessage('news')
  news(): object {
    return {};
  }
}

@WebSocketGateway()
class ItemsGateway extends BaseGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {
    super();
  }

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  @SubscribeMessage('remove')
  override remove() {
    return { event: 'remove', data: 'removed' };
  }

  @SubscribeMessage('news')
  override news() {
    return { event: 'news', data: 'news' };
  }

  @SubscribeMessage('read')
  @ReplaceMethod()
  @RequireScopes('items:read')
  read() {
    return { event: 'read', data: 'read' };
  }
}

abstract class BaseController {
  @RequireScopes('items:write')
  remove(): object | string {
    return {};
  }

  @Public()
  @MessagePattern('news')
  news(): string {
    return '';
  }
}

@Controller()
class ItemsController extends BaseController {
  readonly received: string[] = [];
  readonly firstReceived: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    super();
    this.firstReceived = new Promise((resolve) => (this.#resolve = resolve));
    this.bound = this.bound.bind(this);
  }

  @MessagePattern('remove')
  override remove() {
    return 'removed';
  }

  @MessagePattern('news')
  override news() {
    return 'news';
  }

  @MessagePattern('read')
  @ReplaceMethod()
  @RequireScopes('items:read')
  read() {
    return 'read';
  }

  @RequireScopes('items:read')
  @MessagePattern('bound')
  bound() {
    return 'bound';
  }

  @EventPattern('received')
  @ReplaceMethod()
  @RequireScopes('items:read')
  receive({ text }: { text: string }) {
    this.received.push(text);
    this.#resolve();
  }
}

@Controller()
class GrpcController extends BaseController {
  @GrpcMethod('Items', 'Write')
  override remove() {
    return { text: 'removed' };
  }

  @GrpcMethod('Items', 'Me')
  @ReplaceMethod()
  @RequireScopes('items:read')
  read() {
    return { text: 'read' };
  }
}

describe('N12: messages of gateways', () => {
  test('checks requirements over socket.io', async () => {
    const { url, mint } = await startApp(
      { providers: [ItemsGateway] },
      { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
    );
    const ask = async (event: string, scope: string) => {
      const token = await mint({ scope });
      const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
      const reply = await new Promise((resolve) => {
        socket.once(event, resolve);
        socket.once('exception', resolve);
        socket.emit(event, {});
      });
      socket.close();
      return reply;
    };
    expect(await ask('remove', 'items:read')).toMatchObject({ statusCode: 403 });
    expect(await ask('remove', 'items:write')).toBe('removed');
    expect(await ask('read', 'items:write')).toMatchObject({ statusCode: 403 });
    expect(await ask('read', 'items:read')).toBe('read');
  });

  test('checks requirements over plain WebSockets', async () => {
    const { url, mint } = await startApp(
      { providers: [ItemsGateway] },
      { before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
    );
    const ask = async (event: string, scope: string) => {
      const headers = { authorization: `Bearer ${await mint({ scope })}` };
      const socket = new WebSocket(url.replace('http', 'ws'), { headers });
      await new Promise((resolve) => socket.once('open', resolve));
      const reply = await new Promise<object>((resolve) => {
        socket.once('message', (text) => resolve(JSON.parse(String(text))));
        socket.send(JSON.stringify({ event, data: {} }));
      });
      socket.close();
      return reply;
    };
    for (const [event, scope, other] of [
      ['remove', 'items:write', 'items:read'],
      ['read', 'items:read', 'items:write'],
    ] as const) {
      expect(await ask(event, other)).toMatchObject({ event: 'exception', data: { statusCode: 403 } });
      expect(await ask(event, scope)).toMatchObject({ event });
    }
  });

  test('does not apply @Public() of a base method to an override', async () => {
    const { url } = await startApp(
      { providers: [OpenGateway] },
      { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
    );
    const socket = io(url, { transports: ['websocket'], forceNew: true });
    const reply = await new Promise((resolve) => {
      socket.once('news', resolve);
      socket.once('exception', resolve);
      socket.emit('news', {});
    });
    socket.close();
    expect(reply).toMatchObject({ statusCode: 401 });
  });
});

@WebSocketGateway()
class OpenGateway extends BaseGateway {
  @SubscribeMessage('news')
  override news() {
    return { event: 'news', data: 'news' };
  }
}

test('N11: guards both classes of a gateway that a class decorator wraps', async () => {
  class Original {
    @SubscribeMessage('list')
    list() {
      return {};
    }
  }
  const Wrapped = new Proxy(Original, {});
  WebSocketGateway()(Wrapped);
  await startApp(
    { providers: [Wrapped] },
    { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );
  for (const type of [Original, Wrapped])
    expect(Reflect.getMetadata('__guards__', type)).toEqual([ApplicationGuard]);
});

describe.each([true, false])(
  'N12: messages of a microservice, its application configuration inherited: %s',
  (inheritAppConfig) => {
    test('checks requirements over TCP', async () => {
      const options = { host: '127.0.0.1', port: await findFreePort() };
      let reject: (code: string) => void = () => {};
      const { app, mint } = await startApp(
        { controllers: [ItemsController] },
        {
          auth: {
            rpcCredentials: (data) => (data as { authorization?: string }).authorization,
            onEvent: (event) => event.type === 'token.rejected' && reject(event.code),
          },
          before: async (each) => {
            each.connectMicroservice<MicroserviceOptions>(
              { transport: Transport.TCP, options },
              { inheritAppConfig },
            );
            await each.startAllMicroservices();
          },
        },
      );
      const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
      const send = async (pattern: string, scope?: string) => {
        const authorization = scope && `Bearer ${await mint({ scope })}`;
        return firstValueFrom(client.send<unknown>(pattern, { authorization })).catch(
          (error: unknown) => error,
        );
      };
      for (const [pattern, scope, other, reply] of [
        ['remove', 'items:write', 'items:read', 'removed'],
        ['read', 'items:read', 'items:write', 'read'],
        ['bound', 'items:read', 'items:write', 'bound'],
      ] as const) {
        expect(await send(pattern), pattern).toMatchObject({ statusCode: 401 });
        expect(await send(pattern, other), pattern).toMatchObject({ statusCode: 403 });
        expect(await send(pattern, scope), pattern).toBe(reply);
      }
      expect(await send('news')).toMatchObject({ statusCode: 401 });
      expect(await send('news', 'openid')).toBe('news');

      const emit = async (text: string, scope: string) =>
        firstValueFrom(client.emit('received', { text, authorization: `Bearer ${await mint({ scope })}` }), {
          defaultValue: undefined,
        });
      const rejected = new Promise<string>((resolve) => (reject = resolve));
      await emit('without the scope', 'items:write');
      expect(await rejected).toBe('insufficient_scope');
      await emit('with the scope', 'items:read');
      await app.get(ItemsController).firstReceived;
      expect(app.get(ItemsController).received).toEqual(['with the scope']);
      client.close();
    });

    test('checks requirements over gRPC', async () => {
      const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
      const url = `127.0.0.1:${await findFreePort()}`;
      const { mint } = await startApp(
        { controllers: [GrpcController] },
        {
          before: async (each) => {
            each.connectMicroservice<MicroserviceOptions>(
              { transport: Transport.GRPC, options: { package: 'items', protoPath, url } },
              { inheritAppConfig },
            );
            await each.startAllMicroservices();
          },
        },
      );
      type Call = (
        message: object,
        metadata: Metadata,
        done: (error: object | null, reply: object) => void,
      ) => void;
      const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
        Items: new (url: string, credentials: unknown) => Record<'Me' | 'Write', Call> & { close(): void };
      };
      const client = new Items(url, credentials.createInsecure());
      const ask = async (method: 'Me' | 'Write', scope: string) => {
        const metadata = new Metadata();
        metadata.set('authorization', `Bearer ${await mint({ scope })}`);
        return new Promise((resolve) =>
          client[method]({ text: '' }, metadata, (error, reply) => resolve(error ?? reply)),
        );
      };
      expect(await ask('Write', 'items:read')).toMatchObject({ code: status.PERMISSION_DENIED });
      expect(await ask('Write', 'items:write')).toEqual({ text: 'removed' });
      expect(await ask('Me', 'items:write')).toMatchObject({ code: status.PERMISSION_DENIED });
      expect(await ask('Me', 'items:read')).toEqual({ text: 'read' });
      client.close();
    });
  },
);
