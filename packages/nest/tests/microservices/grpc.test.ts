import { type ClientDuplexStream, type ClientReadableStream, status } from '@grpc/grpc-js';
import { Controller, Inject, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { finalize, interval, map, type Observable } from 'rxjs';
import { describe, expect, test, vi } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  Principal,
  Public,
  RequireScopes,
} from '../../src/index.ts';
import {
  closeAfterTest,
  createGrpcMetadata,
  type GrpcOptions,
  startGrpc,
} from '../support/start/start-grpc.ts';

interface Text {
  readonly text: string;
}

@Controller()
class ItemsController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @GrpcMethod('Items', 'Me')
  me(@Principal('sub') text: string): Text {
    return { text };
  }

  @RequireScopes('items:write')
  @GrpcMethod('Items', 'Write')
  write(@Principal('sub') text: string): Text {
    return { text };
  }

  @Public()
  @GrpcMethod('Items', 'Open')
  open(): Text {
    return { text: 'open' };
  }

  @GrpcMethod('Items', 'Denied')
  denied(): Text {
    throw this.#verifier.createAccessDeniedError('Not on Sundays');
  }

  @GrpcMethod('Items', 'Ticks')
  ticks(): Observable<Text> {
    return interval(10).pipe(map((tick) => ({ text: String(tick) })));
  }

  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: ClientDuplexStream<Text, Text>): void {
    call.on('data', (message) => call.write(message));
    call.on('end', () => call.end());
  }

  @GrpcStreamCall('Items', 'Last')
  last(call: ClientReadableStream<Text>, done: (error: null, reply: Text) => void): void {
    call.on('data', (message) => done(null, message));
  }
}

/** Sends messages until the buffers of a client that does not read are full, and more. */
@Controller()
class LargeController {
  static running = 0;

  @GrpcMethod('Items', 'Ticks')
  ticks(): Observable<Text> {
    LargeController.running++;
    return interval(1).pipe(
      map(() => ({ text: 'x'.repeat(100_000) })),
      finalize(() => LargeController.running--),
    );
  }

  /** Does not end when the messages of the client end. */
  @GrpcStreamMethod('Items', 'Echo')
  echo(): Observable<Text> {
    return this.ticks();
  }
}

type GrpcError = Error & { code: number; details: string };
/** The methods of the client: (message?, metadata, callback?). */
type Methods = Record<
  'Me' | 'Write' | 'Open' | 'Denied' | 'Last' | 'Ticks' | 'Echo' | 'Raw',
  (...args: unknown[]) => ClientDuplexStream<Text, Text>
>;

async function start({ controller = ItemsController, ...options }: GrpcOptions & { controller?: Type } = {}) {
  const { client, ...testApp } = await startGrpc<Methods>(controller, options);
  /** Sends a message, or a stream of messages, and returns one reply. */
  const ask = (method: 'Me' | 'Write' | 'Open' | 'Denied' | 'Last', token?: string) =>
    new Promise<string | GrpcError>((resolve) => {
      const callback = (error: GrpcError | null, reply?: Text) => resolve(error ?? reply?.text ?? '');
      if (method === 'Last') client.Last(createGrpcMetadata(token), callback).write({ text: 'last' });
      else client[method]({ text: '' }, createGrpcMetadata(token), callback);
    });
  /** Opens a stream. Returns its first message and its error. */
  const open = (method: 'Ticks' | 'Echo' | 'Raw', token?: string) => {
    const metadata = createGrpcMetadata(token);
    const stream = method === 'Ticks' ? client.Ticks({ text: '' }, metadata) : client[method](metadata);
    closeAfterTest(() => stream.cancel());
    const ended = new Promise<GrpcError>((resolve) =>
      stream.once('error', resolve as (error: Error) => void),
    );
    const firstMessage = new Promise<string>((resolve) =>
      stream.once('data', ({ text }: Text) => resolve(text)),
    );
    if (method !== 'Ticks') stream.write({ text: '0' });
    return { stream, ended, first: Promise.race([firstMessage, ended]) };
  };
  return { ...testApp, ask, open };
}

describe('A10: gRPC', () => {
  test.each([true, false])(
    'guards each call; application configuration inherited: %s',
    async (inheritAppConfig) => {
      const { ask, mint, server } = await start({ inheritAppConfig });
      expect(await ask('Open')).toBe('open');
      expect(await ask('Me')).toMatchObject({
        code: status.UNAUTHENTICATED,
        details: 'An access token is required',
      });
      expect(await ask('Me', await mint({}, { foreignKey: true }))).toMatchObject({
        code: status.UNAUTHENTICATED,
        details: 'The signature of the access token is not valid',
      });
      expect(await ask('Me', '%')).toMatchObject({ code: status.INVALID_ARGUMENT });
      const good = await mint();
      expect(await ask('Me', good)).toBe('alice');
      expect(await ask('Write', good)).toMatchObject({
        code: status.PERMISSION_DENIED,
        details: "The access token lacks the scope 'items:write'",
      });
      expect(await ask('Write', await mint({ scope: 'items:write' }))).toBe('alice');
      expect(await ask('Denied', good)).toMatchObject({
        code: status.PERMISSION_DENIED,
        details: 'Not on Sundays',
      });
      server.fail('jwks', { status: 500 });
      server.clock.advance(100_000);
      expect(await ask('Me', await mint())).toMatchObject({ code: status.UNAVAILABLE });
    },
  );

  test.each(['Ticks', 'Echo', 'Raw'] as const)(
    'guards the stream of %s, and ends it when its token expires',
    async (method) => {
      const { open, mint, server } = await start();
      expect(await open(method).first).toMatchObject({ code: status.UNAUTHENTICATED });
      const foreign = await mint({}, { foreignKey: true });
      expect(await open(method, foreign).first).toMatchObject({ code: status.UNAUTHENTICATED });
      server.clock.stop();
      const soon = Math.floor(server.clock.now() / 1000) + 2;
      const { first, ended } = open(method, await mint({ exp: soon }));
      expect(await first).toBe('0');
      expect(await ended).toMatchObject({
        code: status.UNAUTHENTICATED,
        details: 'The access token has expired',
      });
    },
  );

  test('guards a stream of messages with one response', async () => {
    const { ask, mint } = await start();
    expect(await ask('Last')).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await ask('Last', await mint())).toBe('last');
  });
});

test.each(['Ticks', 'Echo'] as const)(
  'N3: a client that does not read does not keep the handler of %s running after the expiry',
  async (method) => {
    const { open, mint, server } = await start({ controller: LargeController });
    server.clock.stop();
    const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + 2 });
    const { stream, first, ended } = open(method, token);
    await first;
    stream.pause();
    expect(LargeController.running).toBe(1);
    await vi.waitUntil(() => LargeController.running === 0, { interval: 1, timeout: 10_000 });
    stream.resume();
    expect(await ended).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'The access token has expired',
    });
  },
);
