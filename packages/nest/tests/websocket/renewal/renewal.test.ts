import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Inject, Logger } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { Authenticator } from '../../../src/guard/authenticator.ts';
import {
  AuthModule,
  ConnectionAuthenticator,
  type ConnectionOptions,
  getPrincipal,
  getPrincipalKey,
  Principal,
} from '../../../src/index.ts';
import { audience, startApp } from '../../support/start/start-app.ts';

afterEach(() => void vi.useRealTimers());

describe('N23: a new token on an open connection', () => {
  const scope = 'items:read';

  async function connect(options?: ConnectionOptions) {
    const other = await createTestAuthorizationServer({
      resources: [audience],
      issuer: 'https://other.example.test',
    });
    const { app, mint, server } = await startApp(
      {},
      {
        module: (auth) => {
          const { issuer, fetch, ...rest } = auth as unknown as {
            issuer: string;
            fetch: typeof globalThis.fetch;
          };
          const route = (url: string | URL | Request, init?: RequestInit) =>
            (String(url).startsWith(other.issuer) ? other.fetch : fetch)(url as string, init);
          const issuers = [issuer, other.issuer].map((each) => ({ issuer: each, audience }));
          return AuthModule.forRoot({
            ...rest,
            audience: undefined,
            issuers,
            fetch: route,
            clockTolerance: 0,
          } as never);
        },
      },
    );
    server.clock.stop();
    const now = Math.floor(server.clock.now() / 1000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const connections = app.get(ConnectionAuthenticator);
    const close = vi.fn();
    const client = Object.assign(new EventEmitter(), { readyState: 1, close, send() {} });
    const mintUntil = (seconds: number, claims = {}) => mint({ exp: now + seconds, scope, ...claims });
    const token = await mintUntil(100);
    await connections.authenticate(client, { headers: { authorization: `Bearer ${token}` } }, options);
    /** Advances the clock of the verifier and the timers together. */
    const advance = async (seconds: number) => {
      server.clock.advance(seconds);
      await vi.advanceTimersByTimeAsync(seconds * 1000);
    };
    return { app, connections, client, close, mintUntil, advance, other, now, mint };
  }

  test.each([
    ['moves the expiry of the connection to a later time', 250],
    ['moves the expiry of the connection to an earlier time', 60],
  ])('%s', async (_, seconds) => {
    const { connections, client, close, mintUntil, advance } = await connect();
    const renewed = await connections.renew(client, await mintUntil(seconds));
    expect(renewed.accessToken.sub).toBe('alice');
    await advance(seconds - 1);
    expect(close).not.toHaveBeenCalled();
    await advance(1);
    expect(close).toHaveBeenCalledExactlyOnceWith(4401, 'The access token has expired');
  });

  test('can be repeated, with or without the scheme, and the last token applies', async () => {
    const { connections, client, close, mintUntil, advance } = await connect();
    await Promise.all([
      connections.renew(client, `Bearer ${await mintUntil(200)}`),
      connections.renew(client, await mintUntil(400)),
      connections.renew(client, await mintUntil(300)),
    ]);
    await advance(299);
    expect(close).not.toHaveBeenCalled();
    await advance(1);
    expect(close).toHaveBeenCalledOnce();
  });

  type World = Awaited<ReturnType<typeof connect>>;
  test.each<[string, number, (world: World) => unknown]>([
    ['of another user', 401, ({ mintUntil }) => mintUntil(500, { sub: 'bob' })],
    ['of another client', 401, ({ mintUntil }) => mintUntil(500, { client_id: 'other' })],
    ['of another issuer', 401, ({ other, now }) => other.mintAccessToken({ exp: now + 500, scope })],
    ['of a client that acts for itself', 401, ({ mintUntil }) => mintUntil(500, { client_id: 'alice' })],
    ['for another API', 401, ({ mintUntil }) => mintUntil(500, { aud: 'https://else.example.test' })],
    ['with a wrong signature', 401, ({ mint, now }) => mint({ exp: now + 500, scope }, { foreignKey: true })],
    ['that has expired', 401, ({ mintUntil }) => mintUntil(-1)],
    ['without a scope of the connection', 403, ({ mintUntil }) => mintUntil(500, { scope: 'other' })],
    ['with an unknown scheme', 400, () => 'Basic abc'],
    ['that is empty', 400, () => ''],
    ['that is not a string', 400, () => ({ token: 'x' })],
    ['that is undefined', 400, () => undefined],
  ])(
    'rejects a token %s, and the connection closes at the expiry of its previous token',
    async (_, status, create) => {
      const world = await connect({ requirements: { scopes: [scope] } });
      const { connections, client, close, advance } = world;
      const error = await connections
        .renew(client, (await create(world)) as string)
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ error: { status: 'error', statusCode: status } });
      await advance(99);
      expect(close).not.toHaveBeenCalled();
      await advance(1);
      expect(close).toHaveBeenCalledOnce();
    },
  );

  test.each(['request', 'req'])(
    'is accepted for a client on which the application has set `%s`',
    async (name) => {
      const { connections, client, mintUntil } = await connect();
      Object.assign(client, { [name]: { headers: {}, url: '/' } });
      const renewed = await connections.renew(client, await mintUntil(200));
      expect(renewed.accessToken.sub).toBe('alice');
      client.emit('close');
    },
  );

  test('is not in the log, if its verification throws an exception that quotes it', async () => {
    const token = 'secretopaquetokenabcdefghijk';
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { connections, client, app } = await connect();
    const { verifier } = app.get(Authenticator);
    vi.spyOn(verifier, 'verify').mockRejectedValueOnce(new Error(`unknown prefix of ${token}`));
    await expect(connections.renew(client, token)).rejects.toMatchObject({ error: { statusCode: 401 } });
    const lines = JSON.stringify(log.mock.calls);
    log.mockRestore();
    expect(lines).toContain('unknown prefix of [redacted]');
    expect(lines).not.toContain(token);
    client.emit('close');
  });

  test('is rejected after the connection has closed, and starts no timer', async () => {
    const { connections, client, close, mintUntil, advance } = await connect();
    const next = await mintUntil(500);
    client.emit('close');
    await expect(connections.renew(client, next)).rejects.toMatchObject({ error: { statusCode: 401 } });
    await advance(1000);
    expect(close).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is rejected for a connection that was never authenticated', async () => {
    const { connections, mintUntil } = await connect();
    const client = Object.assign(new EventEmitter(), { readyState: 1, close: vi.fn(), send() {} });
    await expect(connections.renew(client, await mintUntil(500))).rejects.toMatchObject({
      error: { statusCode: 401 },
    });
    expect(client.close).not.toHaveBeenCalled();
  });
});

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  @SubscribeMessage('token')
  async renew(client: object, token: string) {
    const { accessToken } = await this.connections.renew(client, token);
    return { event: 'token', data: accessToken.scopes };
  }

  @SubscribeMessage('me')
  me(@Principal() { sub, scopes }: { sub: string; scopes: string[] }) {
    return { event: 'me', data: { sub, scopes } };
  }

  @SubscribeMessage('client')
  client(client: object) {
    return { event: 'client', data: [getPrincipalKey(client) !== undefined, getPrincipal(client)?.scopes] };
  }
}

describe.each(['socket.io', 'ws'])('N23: over %s', (kind) => {
  test('the next messages use the new token, and a token of another user has no effect', async () => {
    const { url, mint } = await startApp(
      { providers: [ItemsGateway] },
      {
        before: (app) =>
          void app.useWebSocketAdapter(kind === 'ws' ? new WsAdapter(app) : new IoAdapter(app)),
      },
    );
    const token = await mint({ scope: 'a' });
    const ask = kind === 'ws' ? await connectNative(url, token) : connectSocketIo(url, token);
    expect(await ask('me')).toEqual({ sub: 'alice', scopes: ['a'] });
    expect(await ask('token', await mint({ scope: 'a b' }))).toEqual(['a', 'b']);
    expect(await ask('client')).toEqual([true, ['a', 'b']]);
    expect(await ask('me')).toEqual({ sub: 'alice', scopes: ['a', 'b'] });
    expect(await ask('client')).toEqual([true, ['a', 'b']]);
    expect(await ask('token', await mint({ sub: 'bob' }))).toMatchObject({
      statusCode: 401,
      code: 'invalid_token',
    });
    expect(await ask('me')).toEqual({ sub: 'alice', scopes: ['a', 'b'] });
  });
});

type Ask = (event: string, data?: unknown) => Promise<unknown>;

function connectSocketIo(url: string, token: string): Ask {
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
  return (event, data = {}) =>
    new Promise((resolve) => {
      socket.removeAllListeners(event).removeAllListeners('exception');
      socket.once(event, resolve);
      socket.once('exception', resolve);
      socket.emit(event, data);
    });
}

async function connectNative(url: string, token: string): Promise<Ask> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { authorization: `Bearer ${token}` } });
  await new Promise((resolve) => socket.once('open', resolve));
  return (event, data = {}) =>
    new Promise((resolve) => {
      socket.once('message', (text) => resolve((JSON.parse(String(text)) as { data: unknown }).data));
      socket.send(JSON.stringify({ event, data }));
    });
}
