import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  type ClientOptions,
  ClientProxyFactory,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { lastValueFrom, map, type Observable, of, throwError } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { CurrentPrincipal, getPrincipal, OptionalAuth, Public, RequireScopes } from '../../src/index.ts';
import { brokers } from '../support/brokers/brokers.ts';
import { startApp } from '../support/start/start-app.ts';
import { closeAfterTest, createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';
import type { Program } from '../support/start/start-program.ts';

let found: Record<string, string | undefined> = {};
beforeEach(() => {
  found = {};
});

@Injectable()
class RecordingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    found.interceptor = getPrincipal(context)?.sub;
    return next.handle();
  }
}

@Injectable()
class RecordingGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    found.guard = getPrincipal(context)?.sub;
    return true;
  }
}

@Catch()
class RecordingFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost) {
    found.filter = getPrincipal(host)?.sub;
    return throwError(() => (exception instanceof RpcException ? exception.getError() : exception));
  }
}

/** Nest gives a pipe no context, so it injects the principal. */
@Injectable({ scope: Scope.REQUEST })
class RecordingPipe implements PipeTransform {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  transform(value: unknown) {
    found.pipe = this.principal.value?.sub;
    return value;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ItemsService {
  constructor(@Inject(CurrentPrincipal) private readonly principal: CurrentPrincipal) {}

  get sub(): string {
    return this.principal.value?.sub ?? 'none';
  }
}

const providers = [ItemsService, RecordingGuard, RecordingInterceptor, RecordingPipe];

@UseFilters(RecordingFilter)
@UseGuards(RecordingGuard)
@UseInterceptors(RecordingInterceptor)
@UsePipes(RecordingPipe)
@Controller()
class ItemsController {
  constructor(@Inject(ItemsService) private readonly items: ItemsService) {}

  @MessagePattern('me')
  me(@Payload() _: unknown) {
    return this.items.sub;
  }

  @RequireScopes('items:write')
  @MessagePattern('write')
  write() {}

  @OptionalAuth()
  @MessagePattern('optional')
  optional() {
    return this.items.sub;
  }

  @Public()
  @MessagePattern('open')
  open() {
    return this.items.sub;
  }
}

const rpcCredentials = (data: unknown) => (data as { authorization?: string } | null)?.authorization;

/** Starts the controller over a transport. `send` resolves to the response or to the error. */
async function start(
  options: MicroserviceOptions & ClientOptions,
  addToken: (token: string | undefined) => unknown,
) {
  const { mint } = await startApp(
    { controllers: [ItemsController], providers },
    {
      auth: { rpcCredentials },
      before: async (app) => {
        app.connectMicroservice(options, { inheritAppConfig: false });
        await app.startAllMicroservices();
      },
    },
  );
  const client = ClientProxyFactory.create(options);
  closeAfterTest(() => client.close());
  const send = (pattern: string, token?: string) =>
    lastValueFrom(client.send<unknown>(pattern, addToken(token))).catch((error: unknown) => error);
  return { mint, send };
}

const addToData = (token: string | undefined) =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

async function expectPrincipals({ mint, send }: Awaited<ReturnType<typeof start>>): Promise<void> {
  const everywhere = { guard: 'alice', interceptor: 'alice', pipe: 'alice' };
  expect(await send('me', await mint({ sub: 'alice' }))).toBe('alice');
  expect(found).toEqual(everywhere);
  const subs = ['alice', 'bob', 'carol', 'dave'];
  expect(await Promise.all(subs.map(async (sub) => send('me', await mint({ sub }))))).toEqual(subs);
  found = {};
  expect(await send('write', await mint({ sub: 'bob', scope: 'items:read' }))).toMatchObject({
    statusCode: 403,
  });
  expect(found).toEqual({ filter: 'bob' });
  found = {};
  expect(await send('me', 'x.y.z')).toMatchObject({ statusCode: 401 });
  expect(await send('optional')).toBe('none');
  expect(await send('open', await mint({ sub: 'alice' }))).toBe('none');
  expect(Object.values(found).filter((sub) => sub !== undefined)).toEqual([]);
}

test('each enhancer and a request-scoped provider receive the principal of a message over TCP', async () => {
  const options = { host: '127.0.0.1', port: await findFreePort() };
  await expectPrincipals(await start({ transport: Transport.TCP, options }, addToData));
});

describe('over Redis', () => {
  const redis = brokers.find(({ title }) => title === 'Redis');
  let program: Program;
  beforeAll(async () => {
    if (!redis) throw new Error('Redis is required');
    program = await redis.start();
  });
  afterAll(() => program?.stop());

  test('each enhancer and a request-scoped provider receive the principal of a message', async () => {
    if (redis) await expectPrincipals(await start(redis.options(program.port), addToData));
  });
});

interface Text {
  readonly text: string;
}

type Call = ClientDuplexStream<Text, Text>;

@UseGuards(RecordingGuard)
@UseInterceptors(RecordingInterceptor)
@Controller()
class GrpcController {
  constructor(@Inject(ItemsService) private readonly items: ItemsService) {}

  @GrpcMethod('Items', 'Me')
  me(): Text {
    return { text: this.items.sub };
  }

  @GrpcMethod('Items', 'Ticks')
  ticks(): Observable<Text> {
    return of({ text: this.items.sub });
  }

  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages.pipe(map(() => ({ text: this.items.sub })));
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: Call): void {
    call.on('data', () => call.write({ text: this.items.sub }));
    call.on('end', () => call.end());
  }

  @GrpcStreamCall('Items', 'Last')
  last(call: Call, done: (error: null, reply: Text) => void): void {
    call.on('data', () => done(null, { text: this.items.sub }));
  }
}

describe('gRPC', () => {
  type Method = 'Me' | 'Ticks' | 'Echo' | 'Raw' | 'Last';

  test.each<Method>(['Me', 'Ticks', 'Echo', 'Raw', 'Last'])(
    '%s: an interceptor, a guard and a request-scoped provider receive the principal',
    async (method) => {
      const { client, mint } = await startGrpc<Record<Method, (...args: unknown[]) => Call>>(
        { controllers: [GrpcController], providers },
        {},
      );
      const ask = (metadata: Metadata) =>
        new Promise<unknown>((resolve) => {
          const settle = (error: unknown, reply?: Text) => resolve(error ?? reply?.text);
          const isUnary = method === 'Me' || method === 'Ticks';
          const args = [
            ...(isUnary ? [{}] : []),
            metadata,
            ...(['Me', 'Last'].includes(method) ? [settle] : []),
          ];
          const call = client[method](...args);
          closeAfterTest(() => call.cancel());
          call.on('error', settle);
          call.on('data', (reply: Text) => settle(undefined, reply));
          if (!isUnary) call.write({ text: 'x' });
        });
      for (const sub of ['alice', 'bob']) {
        expect(await ask(createGrpcMetadata(await mint({ sub })))).toBe(sub);
        expect(found).toEqual({ guard: sub, interceptor: sub });
      }
    },
  );
});
