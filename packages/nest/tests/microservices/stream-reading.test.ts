import { fileURLToPath } from 'node:url';
import {
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { GrpcStreamMethod, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { concatMap, firstValueFrom, from, map, type Observable, Subject, toArray } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { startApp } from '../support/start/start-app.ts';

// The server reads the messages of a gRPC stream only after the guard has decided.

interface Text {
  readonly text: string;
}

type ServerCall = ServerDuplexStream<Text, Text>;
type Call = ClientDuplexStream<Text, Text>;
type Method = (metadata: Metadata, done?: (error: Error | null, reply?: Text) => void) => Call;
type Client = { close(): void } & Record<'Echo' | 'Last', Method> & {
    Me(request: object, done: (error: unknown) => void): void;
  };

/** The methods whose handlers were called. */
const handled: string[] = [];
const join = (messages: Observable<Text>) =>
  messages.pipe(
    toArray(),
    map((all) => ({ text: all.map(({ text }) => text).join() })),
  );

@Controller()
class StreamController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    handled.push('Echo');
    return messages;
  }

  @GrpcStreamMethod('Items', 'Last')
  last(messages: Observable<Text>): Observable<Text> {
    handled.push('Last');
    return join(messages);
  }
}

const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  handled.length = 0;
});

const texts = Array.from({ length: 40 }, (_, index) => String(index));

async function start(controller: Type = StreamController) {
  const url = `127.0.0.1:${await findFreePort()}`;
  /** The messages of streams that the server has read. */
  const read: string[] = [];
  const countReads: ServerInterceptor = (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMessage: (message: Partial<Text>, pass) => {
            if (message.text !== undefined) read.push(message.text);
            pass(message);
          },
        }),
    });
  const requests = new Subject<void>();
  let permit = () => {};
  const permitted = new Promise<void>((resolve) => {
    permit = resolve;
  });
  let issuer: Awaited<ReturnType<typeof startApp>>['server'] | undefined;
  const app = await startApp(
    { controllers: [controller] },
    {
      auth: {
        // The guard decides about the first token when the issuer sends its keys.
        fetch: async (...args: Parameters<typeof fetch>) => {
          requests.next();
          await permitted;
          return issuer!.fetch(...args);
        },
      },
      before: async (application) => {
        application.connectMicroservice<MicroserviceOptions>({
          transport: Transport.GRPC,
          options: {
            package: 'items',
            protoPath,
            url,
            channelOptions: { interceptors: [countReads] } as object,
          },
        });
        await application.startAllMicroservices();
      },
    },
  );
  issuer = app.server;
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: new (url: string, credentials: unknown) => Client;
  };
  const client = new Items(url, credentials.createInsecure());
  closing.push(() => client.close());
  const createMetadata = (token: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return metadata;
  };
  /** Exchanges further frames on the connection. Afterwards, the server has received all earlier frames. */
  const exchangeFrames = async () => {
    for (let count = 0; count < 5; count++) await new Promise((resolve) => client.Me({}, resolve));
  };
  /** Opens a stream. Resolves to the texts of its messages or to its status. */
  const open = (method: 'Echo' | 'Last', token: string) => {
    const received: string[] = [];
    let call!: Call;
    const result = new Promise<unknown>((resolve) => {
      const fail = (error: object) => resolve((error as { code?: number }).code);
      call =
        method === 'Last'
          ? client.Last(createMetadata(token), (error, reply) => (error ? fail(error) : resolve(reply?.text)))
          : client.Echo(createMetadata(token));
      call.on('error', fail);
      if (method === 'Echo')
        call.on('data', ({ text }: Text) => received.push(text)).on('end', () => resolve(received.join()));
    });
    closing.push(() => call.cancel());
    return { call, result, received };
  };
  const write = (call: Call) => {
    for (const text of texts) call.write({ text });
    call.end();
  };
  const decides = firstValueFrom(requests);
  return { ...app, read, decides, permit, exchangeFrames, open, write };
}

describe('N32: the messages of a client are not read while the guard decides', () => {
  test.each(['Echo', 'Last'] as const)('%s with a valid token', async (method) => {
    const { mint, read, decides, permit, exchangeFrames, open, write } = await start();
    const { call, result } = open(method, await mint());
    write(call);
    await decides;
    await exchangeFrames();
    expect(read).toEqual([]);
    permit();
    expect(await result).toBe(texts.join());
  });

  test.each(['Echo', 'Last'] as const)('%s with a token that is rejected', async (method) => {
    const { mint, read, decides, permit, exchangeFrames, open, write } = await start();
    const { call, result } = open(method, await mint({}, { foreignKey: true }));
    write(call);
    await decides;
    await exchangeFrames();
    permit();
    expect(await result).toBe(status.UNAUTHENTICATED);
    expect(read).toEqual([]);
    expect(handled).toEqual([]);
  });

  test.each(['Echo', 'Last'] as const)('%s without messages', async (method) => {
    const { mint, decides, permit, exchangeFrames, open } = await start();
    const { call, result } = open(method, await mint({}, { foreignKey: true }));
    call.end();
    await decides;
    await exchangeFrames();
    permit();
    expect(await result).toBe(status.UNAUTHENTICATED);
  });
});

test.each(['Echo', 'Last'] as const)(
  'a client that cancels its call while the guard decides does not reach the handler: %s',
  async (method) => {
    const { mint, decides, permit, exchangeFrames, open, write } = await start();
    const { call, result } = open(method, await mint());
    write(call);
    await decides;
    call.cancel();
    expect(await result).toBe(status.CANCELLED);
    await exchangeFrames();
    permit();
    // A later call is handled.
    const later = open(method, await mint());
    write(later.call);
    expect(await later.result).toBe(texts.join());
    expect(handled).toEqual([method]);
  },
);

test('a handler holds messages back with the pause() of the call', async () => {
  const calls = new Subject<ServerCall>();
  const received: string[] = [];
  @Controller()
  class PausingController {
    @GrpcStreamMethod('Items', 'Last')
    last(messages: Observable<Text>, _metadata: Metadata, call: ServerCall): Observable<Text> {
      call.pause();
      messages.subscribe(({ text }) => received.push(text));
      calls.next(call);
      return join(messages);
    }
  }
  const { mint, permit, exchangeFrames, open, write } = await start(PausingController);
  permit();
  const paused = firstValueFrom(calls);
  const { call, result } = open('Last', await mint());
  write(call);
  const serverCall = await paused;
  await exchangeFrames();
  expect(received).toEqual([]);
  serverCall.resume();
  expect(await result).toBe(texts.join());
  expect(received).toEqual(texts);
});

test('an interceptor that reads the first message does not take it from the handler', async () => {
  const first: string[] = [];
  class FirstMessageInterceptor implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      return from(firstValueFrom(context.getArgByIndex<Observable<Text>>(0))).pipe(
        concatMap(({ text }) => {
          first.push(text);
          return next.handle() as Observable<unknown>;
        }),
      );
    }
  }
  @UseInterceptors(FirstMessageInterceptor)
  @Controller()
  class InterceptedController extends StreamController {}
  const { mint, permit, open, write } = await start(InterceptedController);
  permit();
  for (const method of ['Echo', 'Last'] as const) {
    const { call, result } = open(method, await mint());
    write(call);
    expect(await result).toBe(texts.join());
  }
  expect(first).toEqual(['0', '0']);
});

test('a handler receives messages from the call instead of its first argument', async () => {
  @Controller()
  class CallController {
    @GrpcStreamMethod('Items', 'Last')
    last(_messages: Observable<Text>, _metadata: Metadata, call: ServerCall): Observable<Text> {
      const all: string[] = [];
      const replies = new Subject<Text>();
      call.on('data', ({ text }: Text) => all.push(text));
      call.on('end', () => {
        replies.next({ text: all.join() });
        replies.complete();
      });
      return replies;
    }
  }
  const { mint, permit, open, write } = await start(CallController);
  permit();
  const { call, result } = open('Last', await mint());
  write(call);
  expect(await result).toBe(texts.join());
});

test('a handler that waits for all messages before it returns receives each once', async () => {
  const received: string[] = [];
  @Controller()
  class WaitingController {
    @GrpcStreamMethod('Items', 'Last')
    async last(messages: Observable<Text>): Promise<Text> {
      messages.subscribe(({ text }) => received.push(text));
      return firstValueFrom(join(messages));
    }
  }
  const { mint, permit, open, write } = await start(WaitingController);
  permit();
  const { call, result } = open('Last', await mint());
  write(call);
  expect(await result).toBe(texts.join());
  expect(received).toEqual(texts);
});
