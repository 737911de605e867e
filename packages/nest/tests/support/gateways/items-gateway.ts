import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { ConnectionAuthenticator, Policy, Principal, Public, RequireScopes } from '../../../src/index.ts';
import { faultyPolicy } from '../fault-points.ts';

/** Authenticates each message. */
@WebSocketGateway()
export class ItemsGateway {
  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }

  @RequireScopes('items:write')
  @SubscribeMessage('write')
  write(@Principal('sub') sub: string) {
    return { event: 'write', data: sub };
  }

  @Policy(faultyPolicy)
  @SubscribeMessage('policy')
  policy(@Principal('sub') sub: string) {
    return { event: 'policy', data: sub };
  }

  @Public()
  @SubscribeMessage('open')
  open() {
    return { event: 'open', data: 'open' };
  }
}

/** Also authenticates each connection. */
@WebSocketGateway()
export class StrictGateway extends ItemsGateway implements OnGatewayConnection {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    super();
    this.#connections = connections;
  }

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.#connections.authenticate(client, request);
  }
}

interface Connection<Reply> {
  readonly ask: (event: string) => Promise<Reply>;
  readonly closed: Promise<string>;
  readonly close: () => void;
}

/** Connects with socket.io. `ask` resolves to the event of the response and its data. */
export function connectSocketIo(
  url: string,
  auth: Record<string, unknown>,
  extraHeaders: Record<string, string> = {},
): Connection<{ readonly event: string; readonly data: unknown }> {
  const socket = io(url, {
    auth,
    extraHeaders,
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  const closed = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  const ask = (event: string) =>
    new Promise<{ readonly event: string; readonly data: unknown }>((resolve) => {
      socket.once(event, (data) => resolve({ event, data }));
      socket.once('exception', (data) => resolve({ event: 'exception', data }));
      socket.emit(event, {});
    });
  return { ask, closed, close: () => void socket.close() };
}

/** Connects with a plain WebSocket. `closed` resolves to the close code and the reason. */
export function connectWebSocket(url: string, token: string | undefined): Connection<unknown> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  const closed = new Promise<string>((resolve) =>
    socket.once('close', (code, reason) => resolve(`${code} ${reason}`)),
  );
  const open = new Promise((resolve) => socket.once('open', resolve));
  const ask = async (event: string) => {
    await open;
    return new Promise<unknown>((resolve) => {
      socket.once('message', (data) => resolve(JSON.parse(String(data))));
      socket.send(JSON.stringify({ event, data: {} }));
    });
  };
  return { ask, closed, close: () => socket.close() };
}
