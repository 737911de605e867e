import { fileURLToPath } from 'node:url';
import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  type INestMicroservice,
  Injectable,
  Logger,
  type RpcExceptionFilter,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import {
  GrpcStreamCall,
  GrpcStreamMethod,
  type MicroserviceOptions,
  RpcException,
  type ServerGrpc,
  Transport,
} from '@nestjs/microservices';
import {
  concat,
  config,
  EMPTY,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  type Observable,
  of,
  Subject,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/ports.ts';
import { AccessTokenGuard } from '../../src/index.ts';
import { startApp } from '../support/start-app.ts';

interface Text {
  readonly text: string;
}

/** What an application throws, and the status with which the call ends. */
const exceptions: Readonly<Record<string, readonly [unknown, number]>> = {
  error: [new Error('boom'), status.UNKNOWN],
  text: ['boom', status.UNKNOWN],
  nothing: [undefined, status.UNKNOWN],
  http: [new ConflictException('taken'), status.UNKNOWN],
  rpc: [new RpcException({ code: status.NOT_FOUND, message: 'no item' }), status.NOT_FOUND],
  'rpc text': [new RpcException('no item'), status.UNKNOWN],
};

type Method = 'Echo' | 'Raw' | 'Last';
type Call = ClientDuplexStream<Text, Text> & { metadata: Metadata };

const find = (metadata: Metadata) => exceptions[String(metadata.get('exception')[0])]?.[0];
const read = (metadata: Metadata) => String(metadata.get('place')[0]);

@Controller()
class ItemsController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>, metadata: Metadata): Promise<Observable<Text>> | Observable<Text> {
    const exception = find(metadata);
    const fail = () => throwError(() => exception);
    // A subscription without an error handler.
    messages.subscribe(() => {});
    switch (read(metadata)) {
      case 'throw':
        throw exception;
      case 'reject':
        return Promise.reject(exception);
      case 'observable':
        return fail();
      case 'later':
        return concat(of({ text: 'first' }), fail());
      case 'message':
        return messages.pipe(mergeMap(fail));
      case 'wait':
        return NEVER;
      default:
        return messages;
    }
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: Call): unknown {
    const exception = find(call.metadata);
    const fail = () => throwError(() => exception);
    switch (read(call.metadata)) {
      case 'throw':
        throw exception;
      case 'reject':
        return Promise.reject(exception);
      case 'observable':
        return fail();
      case 'later':
        call.write({ text: 'first' });
        return Promise.resolve().then(() => Promise.reject(exception));
      case 'message':
        return new Promise((_, reject) => call.once('data', () => reject(exception)));
      case 'ended':
      case 'empty':
        call.write({ text: 'last' });
        call.end();
        if (read(call.metadata) === 'empty') return EMPTY;
        throw exception;
      default:
        call.on('data', (message) => call.write(message));
        return undefined;
    }
  }

  @GrpcStreamCall('Items', 'Last')
  last(call: Call, _done: unknown): unknown {
    return this.raw(call);
  }
}

/** What the handlers of uploads did: `commit` when all messages had arrived, `rollback` with the reason. */
const outcomes: string[] = [];
const commit = () => void outcomes.push('commit');
const rollback = ({ code, details }: { code?: number; details?: string }) =>
  void outcomes.push(`rollback ${code} ${details}`);

/** Handlers that save an upload after its last message. */
const uploads: Readonly<Record<string, (messages: Observable<Text>) => unknown>> = {
  'returned observable': (messages) =>
    messages.pipe(
      toArray(),
      tap({ next: commit, error: rollback }),
      map(() => ({ text: 'saved' })),
    ),
  'own subscription': (messages) => {
    const replies = new Subject<Text>();
    messages.subscribe({
      complete: () => {
        commit();
        replies.complete();
      },
      error: (error) => {
        rollback(error);
        replies.error(error);
      },
    });
    return replies;
  },
  promise: async (messages) => {
    try {
      await lastValueFrom(messages);
      commit();
    } catch (error) {
      rollback(error as object);
      throw error;
    }
    return { text: 'saved' };
  },
  'two subscriptions without an error handler': (messages) => {
    messages.pipe(toArray()).subscribe(commit);
    messages.subscribe({ complete: commit });
    return NEVER;
  },
};

@Controller()
class UploadController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>, metadata: Metadata): unknown {
    return uploads[read(metadata)]?.(messages);
  }

  @GrpcStreamMethod('Items', 'Last')
  last(messages: Observable<Text>, metadata: Metadata): unknown {
    return this.echo(messages, metadata);
  }
}

@Catch(RpcException)
class DataLossFilter implements RpcExceptionFilter<RpcException> {
  catch() {
    return throwError(() => ({ code: status.DATA_LOSS, message: 'filtered' }));
  }
}

@UseFilters(DataLossFilter)
@UseGuards(AccessTokenGuard)
@Controller()
class FilteredController extends ItemsController {
  @UseFilters(DataLossFilter)
  @GrpcStreamCall('Items', 'Last')
  override last(call: Call, done: unknown): unknown {
    return super.last(call, done);
  }
}

@Injectable()
class FailingGuard implements CanActivate {
  canActivate(): boolean {
    throw exceptions.rpc?.[0];
  }
}

@UseGuards(FailingGuard)
@Controller()
class GuardedController extends ItemsController {}

const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const log = vi.fn();
beforeEach(() => {
  log.mockReset();
  Logger.overrideLogger({ error: log, warn: log, log: () => {} });
});

interface StartGrpcOptions {
  readonly inheritAppConfig?: boolean;
  readonly globalGuard?: boolean;
  readonly controller?: Type;
  readonly prepare?: (microservice: INestMicroservice) => void;
}

async function start({
  inheritAppConfig = false,
  globalGuard = true,
  controller = ItemsController,
  prepare = () => {},
}: StartGrpcOptions = {}) {
  const url = `127.0.0.1:${await findFreePort()}`;
  const { mint, server } = await startApp(
    { controllers: [controller] },
    {
      auth: { globalGuard },
      before: async (app) => {
        const microservice = app.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.GRPC, options: { package: 'items', protoPath, url } },
          { inheritAppConfig },
        );
        prepare(microservice);
        await app.startAllMicroservices();
      },
    },
  );
  Logger.overrideLogger({ error: log, warn: log, log: () => {} });
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: new (
      url: string,
      credentials: unknown,
    ) => { close(): void } & Record<Method, (...args: unknown[]) => Call>;
  };
  const client = new Items(url, credentials.createInsecure());
  closing.push(() => client.close());
  /** Opens a stream. Resolves to the code of its error, or to the text of a message that is not the first one. */
  const call = async (
    method: Method,
    place: string,
    { exception = 'error', token }: { exception?: string; token?: string } = {},
  ) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token ?? (await mint())}`);
    metadata.set('place', place);
    metadata.set('exception', exception);
    return new Promise<unknown>((resolve) => {
      const settle = (error: { code?: number } | null, reply?: Text) => resolve(error?.code ?? reply?.text);
      const stream = method === 'Last' ? client.Last(metadata, settle) : client[method](metadata);
      closing.push(() => stream.cancel());
      stream.on('error', (error) => settle(error as { code?: number }));
      stream.on('data', (reply: Text) => reply.text !== 'first' && settle(null, reply));
      stream.write({ text: 'echo' });
    });
  };
  return { call, mint, server };
}

// Vitest fails for an unhandled rejection and an uncaught exception, with which Node would end the process.
describe('N29: an exception of a gRPC stream ends its call with a status and one line in the log', () => {
  test.each(
    (['Echo', 'Raw', 'Last'] as const).flatMap((method) =>
      [true, false].map((inheritAppConfig) => [method, inheritAppConfig] as const),
    ),
  )('%s; application configuration inherited: %s', async (method, inheritAppConfig) => {
    const { call } = await start({ inheritAppConfig });
    for (const place of ['throw', 'reject', 'observable', 'later', 'message'])
      for (const [exception, [, code]] of Object.entries(exceptions)) {
        log.mockClear();
        const label = `${place}, ${exception}`;
        expect([label, await call(method, place, { exception })]).toEqual([label, code]);
        expect([label, log.mock.calls.length]).toEqual([label, 1]);
      }
    if (method !== 'Last') expect(await call(method, 'none')).toBe('echo');
  });

  test('after a filter of the class or of the method, and without a global guard', async () => {
    const { call } = await start({ globalGuard: false, controller: FilteredController });
    expect(await call('Raw', 'throw', { exception: 'rpc' })).toBe(status.DATA_LOSS);
    expect(await call('Last', 'reject', { exception: 'rpc' })).toBe(status.DATA_LOSS);
    expect(await call('Last', 'reject', { exception: 'error' })).toBe(status.UNKNOWN);
  });

  test('for an exception of a guard of the application', async () => {
    const { call } = await start({ controller: GuardedController });
    expect(await call('Raw', 'none')).toBe(status.NOT_FOUND);
    expect(await call('Last', 'none')).toBe(status.NOT_FOUND);
    expect(await call('Echo', 'none')).toBe(status.NOT_FOUND);
  });

  test('a handler that ends the call itself, and then throws, does not change its status', async () => {
    const { call } = await start();
    expect(await call('Raw', 'ended')).toBe('last');
    expect(await call('Raw', 'empty')).toBe('last');
  });

  test('an expired token ends a handler that subscribed to the messages without an error handler', async () => {
    const { call, mint, server } = await start();
    server.clock.stop();
    const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + 2 });
    expect(await call('Echo', 'wait', { token })).toBe(status.UNAUTHENTICATED);
  });

  test('the hooks of an application receive the name of each method', async () => {
    const names: unknown[] = [];
    const prepare = (microservice: INestMicroservice) => {
      const { serverInstance: server } = microservice as unknown as { serverInstance: ServerGrpc };
      server.setOnProcessingStartHook((_transport, context, done) => {
        names.push((context as { operationId?: unknown }).operationId);
        return done();
      });
    };
    const { call } = await start({ prepare });
    await call('Echo', 'none');
    await call('Raw', 'none');
    expect(names).toEqual(['Echo', 'Raw']);
  });

  describe('an expired token does not complete the messages of a handler', () => {
    test.each(
      (['Echo', 'Last'] as const).flatMap((method) =>
        Object.keys(uploads).map((upload) => [method, upload] as const),
      ),
    )('%s, %s', async (method, upload) => {
      outcomes.length = 0;
      const { call, mint, server } = await start({ controller: UploadController });
      server.clock.stop();
      const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + 2 });
      expect(await call(method, upload, { token })).toBe(status.UNAUTHENTICATED);
      // RxJS reports an error without a handler in a timer.
      await new Promise((resolve) => setTimeout(resolve));
      const expected = upload.includes('without') ? [] : ['rollback 16 The access token has expired'];
      expect(outcomes).toEqual(expected);
      expect(log).not.toHaveBeenCalled();
    });
  });

  test('RxJS still reports other errors without a handler', async () => {
    await start();
    const report = config.onUnhandledError;
    expect(() => report?.(exceptions.rpc?.[0])).toThrow('no item');
    expect(() => report?.('text')).toThrow('text');
  });
});
