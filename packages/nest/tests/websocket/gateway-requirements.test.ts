import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ApplicationGuard } from '../../src/handlers/application-guard.ts';
import { ConnectionAuthenticator, Public, RequireScopes } from '../../src/index.ts';
import { ReplaceMethod } from '../support/replace-method.ts';
import { startApp } from '../support/start/start-app.ts';

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

@WebSocketGateway()
class OpenGateway extends BaseGateway {
  @SubscribeMessage('news')
  override news() {
    return { event: 'news', data: 'news' };
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
