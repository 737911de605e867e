import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { Controller, Get, Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { ConnectionAuthenticator, Principal } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';
import { createNestedTokens, createNestingMessage } from '../support/tokens/nested-tokens.ts';

@Controller('items')
class ItemsController {
  @Get()
  list(@Principal('sub') sub: string) {
    return { sub };
  }
}

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    this.#connections = connections;
  }

  async handleConnection(client: object, incoming?: IncomingMessage) {
    await this.#connections.authenticate(client, incoming);
  }

  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

@WebSocketGateway()
class OpenGateway {
  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

/** Returns the status and the challenge of the response. */
function get(
  url: string,
  token: string,
): Promise<{ status: number | undefined; challenge: string | undefined }> {
  return new Promise((resolve, reject) => {
    const clientRequest = request(url, { headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode, challenge: response.headers['www-authenticate'] }),
      );
    });
    clientRequest.once('error', reject);
    clientRequest.end();
  });
}

test.each(adapters)(
  'A9: responds to a deeply nested token over HTTP (%s) with 401, and handles the next request',
  async (adapter) => {
    const { server, url, call, mint } = await startApp({ controllers: [ItemsController] }, { adapter });
    for (const [name, token] of createNestedTokens(server.issuer)) {
      expect(token.length).toBeGreaterThan(15_000);
      const { status, challenge } = await get(`${url}/items`, token);
      expect(status).toBe(401);
      expect(challenge).toContain('error="invalid_token"');
      expect(challenge).toContain(createNestingMessage(name));
    }
    expect(await call('/items', await mint())).toMatchObject({ status: 200, body: { sub: 'alice' } });
  },
);

test('A9: rejects a deeply nested token over socket.io, for the connection and for a message', async () => {
  const before = (app: { useWebSocketAdapter(adapter: IoAdapter): unknown }) =>
    void app.useWebSocketAdapter(new IoAdapter(app as never));
  for (const gateway of [ItemsGateway, OpenGateway]) {
    const { server, url, mint } = await startApp({ providers: [gateway] }, { before });
    const ask = (token: string) =>
      new Promise((resolve) => {
        const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
        const end = (result: unknown) => {
          resolve(result);
          socket.close();
        };
        socket.once('me', end);
        socket.once('exception', end);
        socket.once('disconnect', end);
        socket.emit('me', {});
      });
    for (const [name, token] of createNestedTokens(server.issuer)) {
      const rejection = { statusCode: 401, code: 'invalid_token', message: createNestingMessage(name) };
      if (gateway === OpenGateway) expect(await ask(token)).toMatchObject(rejection);
      else expect(['io server disconnect', 'object']).toContain(summarizeResult(await ask(token)));
    }
    expect(await ask(await mint())).toBe('alice');
  }
});

/** Returns the close reason, or `object` for a rejection. The order of the two is not defined. */
const summarizeResult = (result: unknown) => (typeof result === 'string' ? result : typeof result);

test('A9: rejects a deeply nested token over a plain WebSocket', async () => {
  const { server, url, mint } = await startApp(
    { providers: [ItemsGateway] },
    { before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
  );
  const connect = async (token: string) => {
    const socket = new WebSocket(url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${token}` },
    });
    const closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve(`${code} ${reason}`)),
    );
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return { socket, closed };
  };
  for (const [name, token] of createNestedTokens(server.issuer)) {
    const { closed } = await connect(token);
    expect(await closed).toBe(`4401 ${createNestingMessage(name)}`);
  }
  const { socket } = await connect(await mint());
  const reply = new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));
  socket.send(JSON.stringify({ event: 'me', data: {} }));
  expect(await reply).toEqual({ event: 'me', data: 'alice' });
  socket.close();
});
