import type { IncomingMessage } from 'node:http';
import { clientSecretBasic, createClient, requestClientCredentials } from '@countersign/core';
import { Inject } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { beforeEach, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { ConnectionAuthenticator } from '../../src/index.ts';
import { audience, startApp } from '../support/start/start-app.ts';

// Messages that a client sends while its connection is authenticated.

/** A client of `ws` or socket.io. */
interface Client {
  on(event: 'message', listener: () => void): unknown;
  onAny?(listener: () => void): unknown;
}

let read = 0;
let handled = 0;
beforeEach(() => {
  read = 0;
  handled = 0;
});

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: Client, request?: IncomingMessage) {
    const count = () => void read++;
    if (client.onAny) client.onAny(count);
    else client.on('message', count);
    await this.connections.authenticate(client, request);
  }

  @SubscribeMessage('add')
  add() {
    handled++;
  }
}

const count = 40;
const data = 'x'.repeat(500_000);

const clients = {
  ws: (url: string, token: string) =>
    new Promise<unknown>((resolve) => {
      const client = new WebSocket(url.replace('http', 'ws'), {
        headers: { authorization: `Bearer ${token}` },
      });
      client.on('open', () => {
        for (let sent = 0; sent < count; sent++) client.send(JSON.stringify({ event: 'add', data }));
      });
      client.on('close', resolve);
      client.on('error', () => {});
    }),
  'socket.io': (url: string, token: string) => connectSocketIo(url, token, ['websocket']),
  'HTTP polling': (url: string, token: string) => connectSocketIo(url, token, ['polling']),
  // The client changes from HTTP polling to a WebSocket while its token is verified.
  'socket.io with an upgrade': (url: string, token: string) =>
    connectSocketIo(url, token, ['polling', 'websocket']),
};

const connectSocketIo = (url: string, token: string, transports: string[]) =>
  new Promise<unknown>((resolve) => {
    const client = io(url, { auth: { token }, transports, reconnection: false, forceNew: true });
    const send = () => {
      for (let sent = 0; sent < count; sent++) client.emit('add', data);
    };
    client.on('connect', () => {
      const { engine } = client.io;
      // The change can end before or after the connection.
      if (engine.transport.name === transports.at(-1)) send();
      else engine.once('upgrade', send);
    });
    client.on('disconnect', resolve);
  });

async function start(kind: keyof typeof clients) {
  let permit = () => {};
  const permitted = new Promise<void>((resolve) => {
    permit = resolve;
  });
  let decide = () => {};
  const decides = new Promise<void>((resolve) => {
    decide = resolve;
  });
  let issuer: Awaited<ReturnType<typeof startApp>>['server'] | undefined;
  const app = await startApp(
    { providers: [ItemsGateway] },
    {
      auth: {
        fetch: async (...args: Parameters<typeof fetch>) => {
          decide();
          await permitted;
          return issuer!.fetch(...args);
        },
      },
      before: (application) => {
        application.useWebSocketAdapter(
          kind === 'ws' ? new WsAdapter(application) : new IoAdapter(application),
        );
      },
    },
  );
  issuer = app.server;
  /** Exchanges requests with the server, which reads from its other connections meanwhile. */
  const exchangeRequests = async () => {
    for (let sent = 0; sent < 100; sent++) await app.call('/');
  };
  return { ...app, decides, permit, exchangeRequests };
}

test.each(['ws', 'socket.io', 'HTTP polling', 'socket.io with an upgrade'] as const)(
  'N32: the server reads messages only after their connection is authenticated: %s',
  async (kind) => {
    const { url, mint, decides, permit, exchangeRequests } = await start(kind);
    void clients[kind](url, await mint());
    await decides;
    await exchangeRequests();
    expect(read).toBe(0);
    permit();
    await vi.waitFor(() => expect(handled).toBe(count), 10_000);
  },
);

test.each([
  ['ws', 4401],
  ['socket.io', 'io server disconnect'],
  ['HTTP polling', 'io server disconnect'],
  ['socket.io with an upgrade', 'io server disconnect'],
] as const)('N32: a connection whose token is rejected closes: %s', async (kind, reason) => {
  const { url, mint, decides, permit, exchangeRequests } = await start(kind);
  const closed = clients[kind](url, await mint({}, { foreignKey: true }));
  await decides;
  await exchangeRequests();
  expect(read).toBe(0);
  permit();
  expect(await closed).toBe(reason);
  expect(handled).toBe(0);
});

test('N32: messages stay at the client while an opaque token is introspected again', async () => {
  let release = () => {};
  let released: Promise<void> | undefined;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const { url, server, call } = await startApp(
    { providers: [ItemsGateway] },
    {
      auth: {
        introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret') },
        fetch: async (...args: Parameters<typeof fetch>) => {
          if (released) begin();
          await released;
          return server.fetch(...args);
        },
      },
      server: {
        accessTokenFormat: 'opaque',
        clients: [
          { clientId: 'job', clientSecret: 'job-secret' },
          { clientId: 'api', clientSecret: 'api-secret' },
        ],
      },
      before: (application) => void application.useWebSocketAdapter(new WsAdapter(application)),
    },
  );
  const job = createClient({
    issuer: server.issuer,
    clientId: 'job',
    clientAuthentication: clientSecretBasic('job-secret'),
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { accessToken } = await requestClientCredentials(job, { scope: 'items:read', resource: audience });
  const client = new WebSocket(url.replace('http', 'ws'), {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  await new Promise((resolve) => client.once('open', resolve));
  client.send(JSON.stringify({ event: 'add', data: 'first' }));
  await vi.waitFor(() => expect(handled).toBe(1));
  released = new Promise((resolve) => {
    release = resolve;
  });
  server.clock.advance(120);
  for (let sent = 0; sent < count; sent++) client.send(JSON.stringify({ event: 'add', data }));
  await begun;
  for (let sent = 0; sent < 100; sent++) await call('/');
  expect(read).toBeLessThan(count);
  release();
  await vi.waitFor(() => expect(handled).toBe(count + 1), 10_000);
  client.close();
});

test('N32: an aborted request of HTTP polling ends its connection, and lets no other pass', async () => {
  const { url, mint, decides, permit, exchangeRequests } = await start('HTTP polling');
  const address = `${url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(address)).text()).slice(1)) as { sid: string };
  const send = (body: BodyInit, signal?: AbortSignal) =>
    fetch(`${address}&sid=${sid}`, { method: 'POST', body, signal, duplex: 'half' } as RequestInit);
  await send(`40${JSON.stringify({ token: await mint() })}`);
  await decides;
  const aborted = new AbortController();
  const incomplete = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('4')) });
  const failed = send(incomplete, aborted.signal).catch((error: Error) => error.name);
  await exchangeRequests();
  aborted.abort();
  expect(await failed).toBe('AbortError');
  await exchangeRequests();
  expect((await send('42["add",1]')).status).toBe(400);
  permit();
  await exchangeRequests();
  expect({ read, handled }).toEqual({ read: 0, handled: 0 });
});
