import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, UseFilters } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { AuthModule, ConnectionAuthenticator, OptionalAuth, Public } from '../../src/index.ts';
import { type StartOptions, startApp } from '../support/start/start-app.ts';

/** The outcome of each message, in order: the event of a handler that ran, or the status of a rejection. */
const outcomes: unknown[] = [];
/** The results of `authenticate()`. */
const connections: unknown[] = [];

beforeEach(() => {
  outcomes.length = 0;
  connections.length = 0;
});

@Catch()
class RecordRejections implements ExceptionFilter {
  catch(exception: { error?: { statusCode?: number } }, _host: ArgumentsHost) {
    outcomes.push(exception.error?.statusCode ?? exception);
  }
}

@UseFilters(RecordRejections)
@WebSocketGateway()
class AdminGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly authenticator: ConnectionAuthenticator) {}

  async handleConnection(client: object, request?: IncomingMessage) {
    const requirements = { scopes: ['admin'] };
    connections.push(await this.authenticator.authenticate(client, request, { requirements }));
  }

  @SubscribeMessage('wipe')
  wipe() {
    outcomes.push('wipe');
  }

  @OptionalAuth()
  @SubscribeMessage('optional')
  optional() {
    outcomes.push('optional');
  }

  @Public()
  @SubscribeMessage('public')
  public() {
    outcomes.push('public');
  }
}

const events = ['wipe', 'optional', 'public'];
const useWs: StartOptions['before'] = (app) => void app.useWebSocketAdapter(new WsAdapter(app));

/** Creates the masked frame of a message. */
function createFrame(event: string): Buffer {
  const body = Buffer.from(JSON.stringify({ event, data: {} }));
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = body.map((byte, index) => byte ^ (mask[index % 4] as number));
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, masked]);
}

const createHandshake = (token: string | undefined): Buffer =>
  Buffer.from(
    [
      'GET / HTTP/1.1',
      'Host: api.example.test',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
      '\r\n',
    ].join('\r\n'),
  );

/** Opens a connection that does not respond to a close frame, unlike each library for WebSockets. */
function openSocket(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (data) => {
    received += data.toString('latin1');
  });
  return { socket, received: () => received };
}

describe('N26: a plain WebSocket whose token does not meet the requirements of the connection', () => {
  test.each(['items:read', undefined])(
    'runs no handler for messages in the packet of the handshake: %s',
    async (scope) => {
      const { url, mint } = await startApp({ providers: [AdminGateway] }, { before: useWs });
      const token = scope && (await mint({ scope }));
      const { socket } = openSocket(url);
      socket.write(Buffer.concat([createHandshake(token), ...events.map(createFrame)]));
      await vi.waitFor(() => expect(outcomes).toHaveLength(events.length));
      expect(outcomes).toEqual([401, 401, 401]);
      expect(connections).toEqual([undefined]);
      socket.destroy();
    },
  );

  test('runs no handler for messages after the close frame', async () => {
    const { url, mint } = await startApp({ providers: [AdminGateway] }, { before: useWs });
    const { socket, received } = openSocket(url);
    socket.write(createHandshake(await mint({ scope: 'items:read' })));
    await vi.waitFor(() => expect(received()).toContain("lacks the scope 'admin'"));
    socket.write(Buffer.concat(events.map(createFrame)));
    await vi.waitFor(() => expect(outcomes).toHaveLength(events.length));
    expect(outcomes).toEqual([401, 401, 401]);
    socket.destroy();
  });

  test('runs the handlers of a connection that meets them, from the first message', async () => {
    const { url, mint } = await startApp({ providers: [AdminGateway] }, { before: useWs });
    const { socket } = openSocket(url);
    const handshake = createHandshake(await mint({ scope: 'admin' }));
    socket.write(Buffer.concat([handshake, ...events.map(createFrame)]));
    await vi.waitFor(() => expect(outcomes).toHaveLength(events.length));
    expect(outcomes.toSorted()).toEqual(events.toSorted());
    socket.destroy();
  });
});

test('N26: a connection that was closed at the expiry of its token runs no handler, within the tolerance', async () => {
  const { url, mint } = await startApp(
    { providers: [AdminGateway] },
    { auth: { clockTolerance: 300 } as never, before: useWs },
  );
  const { socket, received } = openSocket(url);
  const exp = Math.floor(Date.now() / 1000) + 1;
  socket.write(createHandshake(await mint({ scope: 'admin', exp })));
  await vi.waitFor(() => expect(received()).toContain('The access token has expired'), { timeout: 5000 });
  expect(connections).toMatchObject([{ accessToken: { sub: 'alice' } }]);
  socket.write(Buffer.concat(events.map(createFrame)));
  await vi.waitFor(() => expect(outcomes).toHaveLength(events.length));
  expect(outcomes).toEqual([401, 401, 401]);
  socket.destroy();
});

test('N26: a client of socket.io runs no handler while its token is verified, if it is then rejected', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { url, mint } = await startApp(
    { providers: [AdminGateway] },
    {
      module: (auth) => {
        const { fetch } = auth as unknown as { fetch: typeof globalThis.fetch };
        const wait = async (input: string, init?: RequestInit) => {
          await released;
          return fetch(input, init);
        };
        return AuthModule.forRoot({ ...auth, fetch: wait } as never);
      },
      before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    },
  );
  const token = await mint({ scope: 'items:read' });
  const address = `${url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(address)).text()).slice(1)) as { sid: string };
  const session = `${address}&sid=${sid}`;
  const send = async (packets: string[]) =>
    (await fetch(session, { method: 'POST', body: packets.join('\u001e') })).text();
  await send([`40${JSON.stringify({ token })}`]);
  expect(await (await fetch(session)).text()).toMatch(/^40/);
  // The server reads the messages when the token was verified, and then responds.
  const response = send(events.map((event) => `42["${event}",{}]`));
  release();
  expect(await response).toBe('ok');
  expect(outcomes).toEqual([]);
  expect(connections).toEqual([undefined]);
});

describe('N26: requirements of several calls', () => {
  async function start() {
    const { app, mint } = await startApp({});
    const authenticator = app.get(ConnectionAuthenticator);
    const client = Object.assign(new EventEmitter(), { readyState: 1, close: vi.fn(), send() {} });
    const authenticate = async (token: string, scope?: string) =>
      authenticator.authenticate(
        client,
        { headers: { authorization: `Bearer ${token}` } },
        {
          ...(scope && { requirements: { scopes: [scope] } }),
        },
      );
    return { authenticator, client, mint, authenticate };
  }

  test.each([
    [
      'one after the other',
      async (calls: (() => Promise<unknown>)[]) => {
        for (const call of calls) await call();
      },
    ],
    ['at the same time', (calls: (() => Promise<unknown>)[]) => Promise.all(calls.map((call) => call()))],
  ])('all apply to a renewal: %s', async (_, run) => {
    const { authenticator, client, mint, authenticate } = await start();
    const token = await mint({ scope: 'a b' });
    await run([() => authenticate(token, 'a'), () => authenticate(token, 'b'), () => authenticate(token)]);
    for (const scope of ['a', 'b', 'c'])
      await expect(authenticator.renew(client, await mint({ scope }))).rejects.toMatchObject({
        error: { statusCode: 403 },
      });
    const renewed = await authenticator.renew(client, await mint({ scope: 'a b c' }));
    expect(renewed.accessToken.scopes).toEqual(['a', 'b', 'c']);
    expect(client.close).not.toHaveBeenCalled();
    client.emit('close');
  });

  test('a renewal does not continue a connection that one of them has closed', async () => {
    const { authenticator, client, mint, authenticate } = await start();
    const token = await mint({ scope: 'a' });
    await authenticate(token);
    expect(await authenticate(token, 'b')).toBeUndefined();
    expect(client.close).toHaveBeenCalledExactlyOnceWith(4403, expect.any(String));
    await expect(authenticator.renew(client, await mint({ scope: 'a b' }))).rejects.toMatchObject({
      error: { statusCode: 401 },
    });
    client.emit('close');
  });
});
