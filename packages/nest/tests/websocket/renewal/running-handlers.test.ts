import type { IncomingMessage } from 'node:http';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  type NestInterceptor,
  UseGuards,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  filter,
  finalize,
  interval,
  map,
  merge,
  mergeMap,
  repeat,
  retry,
  Subject,
  startWith,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { io } from 'socket.io-client';
import { describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import {
  AccessTokenGuard,
  ConnectionAuthenticator,
  Policy,
  RequireScopes,
  type VerifiedAccessToken,
} from '../../../src/index.ts';
import { startApp } from '../../support/start/start-app.ts';

const scope = 'audit:read';

@UseGuards(AccessTokenGuard)
@WebSocketGateway()
class AuditGateway implements OnGatewayConnection {
  running = 0;
  readonly stops = new Subject<void>();
  readonly ends = new Subject<number>();

  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  #stream(event: string) {
    this.running++;
    return interval(1).pipe(
      startWith(0),
      map((data) => ({ event, data })),
      finalize(() => this.running--),
    );
  }

  @RequireScopes(scope)
  @SubscribeMessage('audit')
  audit() {
    return this.#stream('audit');
  }

  @Policy(({ scopes }: VerifiedAccessToken) => scopes.includes(scope))
  @SubscribeMessage('alerts')
  async alerts() {
    return this.#stream('alerts');
  }

  /** Emits nothing before the client renews its token. */
  @RequireScopes(scope)
  @SubscribeMessage('silent')
  silent() {
    this.running++;
    return this.stops.pipe(finalize(() => this.running--));
  }

  @RequireScopes(scope)
  @SubscribeMessage('once')
  once() {
    return { event: 'once', data: 'once' };
  }

  @RequireScopes(scope)
  @SubscribeMessage('failing')
  failing() {
    throw new Error('a bug');
  }

  /** Ends at each value of `stops`, and starts again with an interceptor of the application. */
  @RequireScopes(scope)
  @SubscribeMessage('polled')
  polled() {
    return this.#stream('polled').pipe(takeUntil(this.stops));
  }

  /** Fails at each value of `stops`. */
  @RequireScopes(scope)
  @SubscribeMessage('retried')
  retried() {
    return merge(
      this.#stream('retried'),
      this.stops.pipe(mergeMap(() => throwError(() => new Error('lost')))),
    );
  }

  /** Runs until the test ends handlers with lower numbers. */
  @RequireScopes(scope)
  @SubscribeMessage('numbered')
  numbered(@MessageBody() { number }: { number: number }) {
    this.running++;
    return this.ends.pipe(
      filter((end) => number < end),
      take(1),
      finalize(() => this.running--),
    );
  }

  @SubscribeMessage('open')
  open() {
    return this.#stream('open');
  }

  @SubscribeMessage('token')
  async renew(@ConnectedSocket() client: object, @MessageBody() { token }: { token: string }) {
    const { accessToken } = await this.connections.renew(client, token);
    return { event: 'token', data: accessToken.scopes.join(' ') };
  }
}

/** Subscribes to the handlers of polling again, when the test emits a value of `starts`. */
class PollingInterceptor implements NestInterceptor {
  readonly starts = new Subject<void>();

  intercept(context: ExecutionContext, next: CallHandler) {
    const handler = context.getHandler().name;
    const delay = () => this.starts;
    if (handler === 'polled') return next.handle().pipe(repeat({ delay }));
    return handler === 'retried' ? next.handle().pipe(retry({ delay })) : next.handle();
  }
}

const adapters = { 'socket.io': IoAdapter, ws: WsAdapter };

describe.each(['socket.io', 'ws'] as const)('N28: running handlers of a gateway over %s', (kind) => {
  async function connect({ globalGuard = true, interceptors = [] as NestInterceptor[] } = {}) {
    const { app, url, mint } = await startApp(
      { providers: [AuditGateway] },
      {
        auth: { globalGuard } as never,
        before: (each) =>
          void each.useWebSocketAdapter(new adapters[kind](each)).useGlobalInterceptors(...interceptors),
      },
    );
    const token = await mint({ scope });
    const received: [event: string, data: unknown][] = [];
    const open = kind === 'ws' ? openNative : openSocketIo;
    const { send, close } = await open(url, token, (event, data) => received.push([event, data]));
    const waitFor = (...events: string[]) =>
      vi.waitUntil(() => received.find(([event]) => events.includes(event)), { interval: 1, timeout: 5000 });
    const ask = async (event: string, data: object = {}) => {
      for (const [index, [each]] of received.entries())
        if (['exception', event].includes(each)) received[index] = ['seen', undefined];
      send(event, data);
      const [, reply] = await waitFor('exception', event);
      return reply;
    };
    const renew = async (scopes: string) => ask('token', { token: await mint({ scope: scopes }) });
    return { gateway: app.get(AuditGateway), ask, renew, send, close };
  }

  const rejection = { statusCode: 403 };

  test.each(['audit', 'alerts', 'silent'])(
    'a renewal without the access of %s is rejected',
    async (event) => {
      const { gateway, send, renew, ask, close } = await connect();
      send(event, {});
      await vi.waitUntil(() => gateway.running === 1, { interval: 1 });
      expect(await renew('other')).toMatchObject(rejection);
      expect(await ask('once')).toBe('once');
      expect(await renew(`${scope} other`)).toBe(`${scope} other`);
      expect(gateway.running).toBe(1);
      close();
      await vi.waitUntil(() => gateway.running === 0, { interval: 1 });
    },
  );

  test.each([true, false])(
    'does not count a handler that has ended or requires nothing, with globalGuard: %s',
    async (globalGuard) => {
      const { gateway, send, renew, ask, close } = await connect({ globalGuard });
      expect(await ask('once')).toBe('once');
      expect(await ask('failing')).toMatchObject({ status: 'error' });
      expect(await ask('open')).toBeTypeOf('number');
      send('silent', {});
      await vi.waitUntil(() => gateway.running === 2, { interval: 1 });
      expect(await renew('other')).toMatchObject(rejection);
      gateway.stops.complete();
      await vi.waitUntil(() => gateway.running === 1, { interval: 1 });
      expect(await renew('other')).toBe('other');
      expect(await ask('once')).toMatchObject(rejection);
      close();
    },
  );

  test('a renewal is rejected if the connection has had more handlers than can be checked', async () => {
    // Several guards check each handler.
    const { gateway, send, renew, ask, close } = await connect();
    const waitForRunning = (count: number) =>
      vi.waitUntil(() => gateway.running === count, { interval: 1, timeout: 20_000 });
    for (let number = 0; number < 300; number++) send('numbered', { number });
    await waitForRunning(300);
    expect(await renew(`${scope} other`)).toBe(`${scope} other`);
    for (let number = 300; number < 1003; number++) send('numbered', { number });
    await waitForRunning(1003);
    gateway.ends.next(1001);
    await waitForRunning(2);
    // Another handler starts and ends.
    expect(await ask('once')).toBe('once');
    for (const scopes of ['other', scope]) expect(await renew(scopes)).toMatchObject({ statusCode: 401 });
    expect(gateway.running).toBe(2);
    expect(await ask('once')).toBe('once');
    close();
    await waitForRunning(0);
  }, 30_000);

  test.each(['polled', 'retried'])(
    'checks a handler again that an interceptor starts again: %s',
    async (event) => {
      const interceptor = new PollingInterceptor();
      const { gateway, send, renew, ask, close } = await connect({ interceptors: [interceptor] });
      const waitForRunning = (count: number) =>
        vi.waitUntil(() => gateway.running === count && interceptor.starts.observed === (count === 0), {
          interval: 1,
        });
      send(event, {});
      await waitForRunning(1);
      gateway.stops.next();
      await waitForRunning(0);
      interceptor.starts.next();
      await waitForRunning(1);
      expect(await renew('other')).toMatchObject(rejection);
      gateway.stops.next();
      await waitForRunning(0);
      expect(await renew('other')).toBe('other');
      interceptor.starts.next();
      // The start of the handler is rejected before the server handles the next message.
      expect(await ask('once')).toMatchObject(rejection);
      expect(gateway.running).toBe(0);
      close();
    },
  );
});

type Receive = (event: string, data: unknown) => void;

async function openSocketIo(url: string, token: string, receive: Receive) {
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  socket.onAny(receive);
  await new Promise<void>((resolve) => void socket.once('connect', () => resolve()));
  return {
    send: (event: string, data: object) => void socket.emit(event, data),
    close: () => void socket.close(),
  };
}

async function openNative(url: string, token: string, receive: Receive) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { authorization: `Bearer ${token}` } });
  socket.on('message', (text) => {
    const { event, data } = JSON.parse(String(text)) as { event: string; data: unknown };
    receive(event, data);
  });
  await new Promise<void>((resolve) => void socket.once('open', () => resolve()));
  return {
    send: (event: string, data: object) => socket.send(JSON.stringify({ event, data })),
    close: () => socket.close(),
  };
}
