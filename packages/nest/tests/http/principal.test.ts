import type { IncomingMessage } from 'node:http';
import { ApolloDriver } from '@nestjs/apollo';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Query,
  Scope,
  UseGuards,
} from '@nestjs/common';
import {
  APP_GUARD,
  APP_INTERCEPTOR,
  BaseExceptionFilter,
  ContextIdFactory,
  HttpAdapterHost,
  ModuleRef,
  REQUEST,
} from '@nestjs/core';
import { GraphQLModule, Query as GraphqlQuery, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  AccessTokenGuard,
  AuthModule,
  ConnectionAuthenticator,
  CurrentPrincipal,
  getPrincipal,
  OptionalAuth,
  Public,
  RequireScopes,
} from '../../src/index.ts';
import { connectSocketIo, connectWebSocket } from '../support/gateways/items-gateway.ts';
import { type Adapter, adapters, startApp } from '../support/start/start-app.ts';

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
    found.guard = getPrincipal(context)?.sub ?? 'undecided';
    return true;
  }
}

/** Nest gives a pipe no context, so it injects the request. */
@Injectable({ scope: Scope.REQUEST })
class RecordingPipe implements PipeTransform {
  constructor(@Inject(REQUEST) private readonly request: object) {}

  transform(value: unknown) {
    found.pipe = getPrincipal(this.request)?.sub;
    return value;
  }
}

@Catch()
class RecordingFilter extends BaseExceptionFilter implements ExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost) {
    found.filter = getPrincipal(host)?.sub;
    super.catch(exception, host);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ItemsService {
  constructor(@Inject(CurrentPrincipal) readonly principal: CurrentPrincipal) {}
}

@Controller()
class ItemsController {
  constructor(@Inject(ItemsService) private readonly items: ItemsService) {}

  @UseGuards(RecordingGuard)
  @Get('me')
  me(@Query('any', RecordingPipe) _: unknown) {
    return { sub: this.items.principal.value?.sub };
  }

  @Get('order')
  order() {
    return {};
  }

  @RequireScopes('items:write')
  @Get('write')
  write() {}

  @Get('gone')
  gone() {
    throw new HttpException('gone', 410);
  }

  @OptionalAuth()
  @Get('optional')
  optional() {
    return { sub: this.items.principal.value?.sub };
  }

  @Public()
  @Get('public')
  public() {
    return { sub: this.items.principal.value?.sub };
  }
}

@Resolver()
class ItemsResolver {
  constructor(@Inject(ItemsService) private readonly items: ItemsService) {}

  @GraphqlQuery(() => String, { nullable: true })
  me() {
    return this.items.principal.value?.sub;
  }
}

/** A gateway exists once, so it resolves a request-scoped provider for each message. */
@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator,
  ) {}

  async handleConnection(client: object, request?: IncomingMessage) {
    await this.connections.authenticate(client, request);
  }

  @UseGuards(RecordingGuard)
  @SubscribeMessage('me')
  async me(client: object) {
    const id = ContextIdFactory.create();
    this.modules.registerRequestByContextId(client, id);
    const { principal } = await this.modules.resolve(ItemsService, id, { strict: false });
    return { event: 'me', data: [getPrincipal(client)?.sub, principal.value?.sub] };
  }
}

const providers = [ItemsService, { provide: APP_INTERCEPTOR, useClass: RecordingInterceptor }];

/** Records the principal when the response ends, like a logger. */
function logResponses(app: INestApplication, adapter: Adapter): void {
  if (adapter === 'express')
    app.use((request: object, response: NodeJS.EventEmitter, next: () => void) => {
      response.on('finish', () => {
        found.logger = getPrincipal(request)?.sub;
      });
      next();
    });
  else
    (app as unknown as NestFastifyApplication)
      .getHttpAdapter()
      .getInstance()
      .addHook('onResponse', async (request) => {
        found.logger = getPrincipal(request)?.sub;
      });
}

describe.each(adapters)('the principal on %s', (adapter) => {
  const start = () =>
    startApp(
      {
        controllers: [ItemsController],
        providers,
      },
      {
        adapter,
        before: (app) => {
          logResponses(app, adapter);
          app.useGlobalFilters(new RecordingFilter(app.get(HttpAdapterHost).httpAdapter));
        },
      },
    );

  test('an interceptor, a guard, a pipe, a logger and a request-scoped provider receive the principal', async () => {
    const { call, mint } = await start();
    expect(await call('/me', await mint({ sub: 'alice' }))).toMatchObject({ body: { sub: 'alice' } });
    expect(found).toMatchObject({ interceptor: 'alice', guard: 'alice', pipe: 'alice' });
    await expect.poll(() => found.logger).toBe('alice');
  });

  test('a filter receives the principal of a failed request and of a denied request', async () => {
    const { call, mint } = await start();
    const token = await mint({ sub: 'alice', scope: 'items:read' });
    expect(await call('/gone', token)).toMatchObject({ status: 410 });
    expect(found.filter).toBe('alice');
    found = {};
    expect(await call('/write', token)).toMatchObject({ status: 403 });
    expect(found.filter).toBe('alice');
  });

  test('a rejected, an anonymous and a public request have no principal', async () => {
    const { call, mint } = await start();
    expect(await call('/me', 'x.y.z')).toMatchObject({ status: 401 });
    expect(found).toEqual({ ...found, filter: undefined, interceptor: undefined });
    expect(await call('/optional')).toMatchObject({ status: 200, body: {} });
    expect(await call('/public', await mint({ sub: 'alice' }))).toMatchObject({ status: 200, body: {} });
    expect(found).toMatchObject({ interceptor: undefined });
  });

  test('separates the principals of concurrent requests', async () => {
    const { call, mint } = await start();
    const tokens = await Promise.all(['alice', 'bob'].map((sub) => mint({ sub })));
    const bodies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => call('/me', tokens[i % 2]).then(({ body }) => body?.sub)),
    );
    expect(bodies).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'alice' : 'bob')));
  });

  test('globalGuard: false lets the application choose the order of guards', async () => {
    for (const [first, second, seen] of [
      [AccessTokenGuard, RecordingGuard, 'alice'],
      [RecordingGuard, AccessTokenGuard, 'undecided'],
    ] as const) {
      const { call, mint } = await startApp(
        {
          controllers: [ItemsController],
          providers: [
            ItemsService,
            RecordingGuard,
            { provide: APP_GUARD, useExisting: first },
            { provide: APP_GUARD, useExisting: second },
          ],
        },
        { adapter, module: (options) => AuthModule.forRoot({ ...options, globalGuard: false }) },
      );
      expect(await call('/order', await mint({ sub: 'alice' }))).toMatchObject({ status: 200 });
      expect(found.guard).toBe(seen);
      expect(await call('/order')).toMatchObject({ status: 401 });
    }
  });
});

test.each([
  ['Apollo', 'express', ApolloDriver],
  ['Mercurius', 'fastify', MercuriusDriver],
] as const)('a resolver of %s and its interceptor receive the principal', async (_, adapter, driver) => {
  const { call, mint } = await startApp(
    {
      imports: [GraphQLModule.forRoot({ driver, autoSchemaFile: true } as never)],
      providers: [...providers, ItemsResolver],
    },
    { adapter },
  );
  const { body } = await call('/graphql', await mint({ sub: 'alice' }), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ me }' }),
  });
  expect(body).toEqual({ data: { me: 'alice' } });
  expect(found.interceptor).toBe('alice');
});

test.each([
  ['socket.io', IoAdapter],
  ['ws', WsAdapter],
] as const)(
  'a gateway of %s, its enhancers and a request-scoped provider receive the principal',
  async (kind, adapter) => {
    const { url, mint } = await startApp(
      { providers: [...providers, ItemsGateway] },
      { before: (app) => void app.useWebSocketAdapter(new adapter(app)) },
    );
    for (const sub of ['alice', 'bob']) {
      const token = await mint({ sub });
      const { ask, close } = kind === 'ws' ? connectWebSocket(url, token) : connectSocketIo(url, { token });
      expect(await ask('me')).toEqual({ event: 'me', data: [sub, sub] });
      expect(found).toMatchObject({ interceptor: sub, guard: sub });
      close();
    }
  },
);
