import { type Metadata, status } from '@grpc/grpc-js';
import {
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  type INestMicroservice,
  Injectable,
  type RpcExceptionFilter,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { GrpcStreamCall, GrpcStreamMethod, RpcException, type ServerGrpc } from '@nestjs/microservices';
import { concat, EMPTY, mergeMap, type Observable, of, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { AccessTokenGuard } from '../../src/index.ts';
import { log, readPlace, type StreamCall, startStreams, type Text } from '../support/grpc-streams.ts';

/** What an application throws, and the status with which the call ends. */
const exceptions: Readonly<Record<string, readonly [unknown, number]>> = {
  error: [new Error('boom'), status.UNKNOWN],
  text: ['boom', status.UNKNOWN],
  nothing: [undefined, status.UNKNOWN],
  http: [new ConflictException('taken'), status.UNKNOWN],
  rpc: [new RpcException({ code: status.NOT_FOUND, message: 'no item' }), status.NOT_FOUND],
  'rpc text': [new RpcException('no item'), status.UNKNOWN],
};

const findException = (metadata: Metadata) => exceptions[String(metadata.get('exception')[0])]?.[0];

@Controller()
class ItemsController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>, metadata: Metadata): Promise<Observable<Text>> | Observable<Text> {
    const exception = findException(metadata);
    const fail = () => throwError(() => exception);
    // A subscription without an error handler.
    messages.subscribe(() => {});
    switch (readPlace(metadata)) {
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
      default:
        return messages;
    }
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: StreamCall): unknown {
    const exception = findException(call.metadata);
    const fail = () => throwError(() => exception);
    switch (readPlace(call.metadata)) {
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
        if (readPlace(call.metadata) === 'empty') return EMPTY;
        throw exception;
      default:
        call.on('data', (message) => call.write(message));
        return undefined;
    }
  }

  @GrpcStreamCall('Items', 'Last')
  last(call: StreamCall, _done: unknown): unknown {
    return this.raw(call);
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
  override last(call: StreamCall, done: unknown): unknown {
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

// Vitest fails for an unhandled rejection and an uncaught exception, with which Node would end the process.
describe('N29: an exception of a gRPC stream ends its call with a status and one line in the log', () => {
  test.each(
    (['Echo', 'Raw', 'Last'] as const).flatMap((method) =>
      [true, false].map((inheritAppConfig) => [method, inheritAppConfig] as const),
    ),
  )('%s; application configuration inherited: %s', async (method, inheritAppConfig) => {
    const { call } = await startStreams(ItemsController, { inheritAppConfig });
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
    const { call } = await startStreams(FilteredController, { globalGuard: false });
    expect(await call('Raw', 'throw', { exception: 'rpc' })).toBe(status.DATA_LOSS);
    expect(await call('Last', 'reject', { exception: 'rpc' })).toBe(status.DATA_LOSS);
    expect(await call('Last', 'reject', { exception: 'error' })).toBe(status.UNKNOWN);
  });

  test('for an exception of a guard of the application', async () => {
    const { call } = await startStreams(GuardedController);
    expect(await call('Raw', 'none')).toBe(status.NOT_FOUND);
    expect(await call('Last', 'none')).toBe(status.NOT_FOUND);
    expect(await call('Echo', 'none')).toBe(status.NOT_FOUND);
  });

  test('a handler that ends the call itself, and then throws, does not change its status', async () => {
    const { call } = await startStreams(ItemsController);
    expect(await call('Raw', 'ended')).toBe('last');
    expect(await call('Raw', 'empty')).toBe('last');
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
    const { call } = await startStreams(ItemsController, { prepare });
    await call('Echo', 'none');
    await call('Raw', 'none');
    expect(names).toEqual(['Echo', 'Raw']);
  });
});
