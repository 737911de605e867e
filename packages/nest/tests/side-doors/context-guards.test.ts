import { AsyncLocalStorage } from 'node:async_hooks';
import { ApolloDriver } from '@nestjs/apollo';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  type ModuleMetadata,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { MessagePattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import {
  ClsGuard,
  ClsInterceptor,
  ClsMiddleware,
  ClsModule,
  type ClsModuleOptions,
  ClsService,
} from 'nestjs-cls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AccessTokenGuard, AuthModule, getPrincipal, Public } from '../../src/index.ts';
import { type Adapter, adapters, type StartOptions, startApp } from '../support/start/start-app.ts';

// Guards that enter a context of `AsyncLocalStorage`, and other guards before and after the one of this package.

const storage = new AsyncLocalStorage<string>();

@Injectable()
class StorageGuard implements CanActivate {
  canActivate() {
    storage.enterWith('entered');
    return true;
  }
}

/** A guard that Nest creates for each request, and runs after those that exist once. */
@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: object) {}

  async canActivate(context: ExecutionContext) {
    await new Promise(setImmediate);
    return getPrincipal(context) !== undefined && getPrincipal(this.request) === getPrincipal(context);
  }
}

@Controller()
class ClsController {
  constructor(@Inject(ClsService) private readonly cls: ClsService) {}

  @Get('cls')
  async read() {
    await new Promise(setImmediate);
    this.cls.set('count', (this.cls.get<number | undefined>('count') ?? 0) + 1);
    return { hasId: this.cls.getId() !== undefined, count: this.cls.get('count') };
  }
}

@Controller()
class StorageController {
  @Get('storage')
  async read() {
    await new Promise(setImmediate);
    return { store: storage.getStore() };
  }
}

const guardOptions: ClsModuleOptions = { guard: { mount: true, generateId: true } };
const entered = { status: 200, body: { hasId: true, count: 1 } };

/** Makes the application a hybrid one. */
const connect: StartOptions['before'] = async (app) => {
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options: { port: 0 } });
  await app.startAllMicroservices();
};

/** Starts an application that imports `ClsModule` before `AuthModule`. */
const startFirst = (
  adapter: Adapter,
  options: ClsModuleOptions,
  { auth, before, ...metadata }: ModuleMetadata & Pick<StartOptions, 'auth' | 'before'> = {},
) =>
  startApp(
    { controllers: [ClsController], ...metadata },
    {
      adapter,
      ...(auth && { auth }),
      ...(before && { before }),
      module: (authOptions) => {
        const imports = [ClsModule.forRoot(options), AuthModule.forRoot(authOptions)];
        // Nest adds the imports of a dynamic module level by level, so their order is in a decorator.
        @Module({ imports, exports: [ClsModule] })
        class ContextModule {}
        return { module: ContextModule };
      },
    },
  );

/** Starts an application that imports `AuthModule` before `ClsModule`. */
const startLast = (
  adapter: Adapter,
  options: ClsModuleOptions,
  { auth, before, ...metadata }: ModuleMetadata & Pick<StartOptions, 'auth' | 'before'> = {},
) =>
  startApp(
    { controllers: [ClsController], imports: [ClsModule.forRoot(options)], ...metadata },
    { adapter, ...(auth && { auth }), ...(before && { before }) },
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(adapters)('guards with a context on %s', (adapter) => {
  test.each<[string, ClsModuleOptions]>([
    ['guard', guardOptions],
    ['guard with an asynchronous setup', { guard: { mount: true, generateId: true, setup: async () => {} } }],
    ['interceptor', { interceptor: { mount: true, generateId: true } }],
    ['middleware', { middleware: { mount: true, generateId: true } }],
  ])('nestjs-cls before AuthModule: each handler has the context of its %s', async (_, options) => {
    const { call, mint } = await startFirst(adapter, options);
    const token = await mint();
    // The second request has a token that was verified before, so the guard decides synchronously.
    expect(await call('/cls', token)).toMatchObject(entered);
    expect(await call('/cls', token)).toMatchObject(entered);
    expect((await call('/cls')).status).toBe(401);
    expect((await call('/cls', 'abc')).status).toBe(401);
  });

  test.each<[string, ClsModuleOptions]>([
    ['interceptor', { interceptor: { mount: true, generateId: true } }],
    ['guard and interceptor', { ...guardOptions, interceptor: { mount: true } }],
    ['middleware', { middleware: { mount: true, generateId: true } }],
    ['guard and middleware', { ...guardOptions, middleware: { mount: true } }],
  ])('nestjs-cls after AuthModule: each handler has the context of its %s', async (_, options) => {
    const { call, mint } = await startLast(adapter, options);
    const token = await mint();
    expect(await call('/cls', token)).toMatchObject(entered);
    expect(await call('/cls', token)).toMatchObject(entered);
    expect((await call('/cls')).status).toBe(401);
  });

  const warning = expect.stringContaining('ClsGuard runs after AccessTokenGuard for ClsController.read');

  test('the log names the handlers if the guard of nestjs-cls runs after the access token guard', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    await startLast(adapter, guardOptions);
    expect(warn.mock.calls).toEqual([[warning]]);
  });

  test('the log names the resolvers of GraphQL with this order', async () => {
    @Resolver()
    class ItemsResolver {
      @Query(() => String)
      items() {
        return 'items';
      }

      @Public()
      @Query(() => String)
      open() {
        return 'open';
      }
    }
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const driver = adapter === 'express' ? ApolloDriver : MercuriusDriver;
    const graphql = GraphQLModule.forRoot({ driver, autoSchemaFile: true } as never);
    await startLast(adapter, guardOptions, {
      controllers: [],
      imports: [ClsModule.forRoot(guardOptions), graphql],
      providers: [ItemsResolver],
    });
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^ClsGuard runs after AccessTokenGuard for ItemsResolver\.items, so .* Import ClsModule before AuthModule\./,
        ),
      ],
    ]);
  });

  test('a middleware of nestjs-cls that the application binds does not prevent the start', async () => {
    const { call, mint } = await startLast(adapter, guardOptions, {
      before: (app) => void app.use(new ClsMiddleware({ generateId: true }).use),
    });
    expect(await call('/cls', await mint())).toMatchObject(entered);
  });

  test('messages: the order of @UseGuards() counts, because a hybrid application runs no global guards', async () => {
    @UseGuards(ClsGuard, AccessTokenGuard)
    @Controller()
    class MessageController {
      @MessagePattern('read')
      read() {}
    }
    await startLast(
      adapter,
      {},
      {
        controllers: [MessageController],
        auth: { globalGuard: false },
        providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
        before: connect,
      },
    );
  });

  test.each([
    ['before', startFirst, guardOptions],
    ['after', startLast, {}],
  ])(
    'messages: an application with ClsModule %s AuthModule does not start with @UseGuards(ClsGuard)',
    async (_, start, options) => {
      @UseGuards(ClsGuard)
      @Controller()
      class MessageController {
        @MessagePattern('read')
        read() {}
      }
      await expect(
        start(adapter, options, { controllers: [MessageController], before: connect }),
      ).rejects.toMatchObject({
        code: 'invalid_option',
        message:
          'ClsGuard runs after AccessTokenGuard for MessageController.read, so the handlers would not have its context. ' +
          'Replace @UseGuards(ClsGuard) by @UseInterceptors(ClsInterceptor): a global guard runs before it.',
      });

      @UseInterceptors(ClsInterceptor)
      @Controller()
      class InterceptedController extends MessageController {}
      await start(adapter, options, { controllers: [InterceptedController], before: connect });
    },
  );

  test('the log names the handlers if a list of guards or @UseGuards() has this order', async () => {
    const accessTokens = { provide: APP_GUARD, useExisting: AccessTokenGuard };
    const contexts = { provide: APP_GUARD, useClass: ClsGuard };
    const options = { auth: { globalGuard: false }, imports: [ClsModule.forRoot({})] };
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    await startLast(adapter, {}, { ...options, providers: [accessTokens, contexts] });
    expect(warn.mock.calls).toEqual([[warning]]);
    const { call, mint } = await startLast(
      adapter,
      {},
      { ...options, imports: [ClsModule.forRoot(guardOptions)], providers: [contexts, accessTokens] },
    );
    expect(await call('/cls', await mint())).toMatchObject(entered);

    @UseGuards(ClsGuard)
    @Controller()
    class GuardedController extends ClsController {}
    await startLast(adapter, {}, { controllers: [GuardedController] });
    expect(warn).toHaveBeenLastCalledWith(expect.stringMatching(/GuardedController\.read.*@UseInterceptors/));
  });

  test('an application starts with this order if its handlers are public', async () => {
    @Public()
    @Controller()
    class PublicController extends ClsController {}
    const { call } = await startLast(adapter, guardOptions, { controllers: [PublicController] });
    expect(await call('/cls')).toMatchObject(entered);
  });

  test('a guard of the application that runs first keeps its context', async () => {
    const { call, mint } = await startApp(
      { controllers: [StorageController], providers: [{ provide: APP_GUARD, useClass: StorageGuard }] },
      { adapter },
    );
    const token = await mint();
    for (const _ of [1, 2])
      expect(await call('/storage', token)).toMatchObject({ status: 200, body: { store: 'entered' } });
    expect((await call('/storage')).status).toBe(401);
  });

  test('a request-scoped guard runs after the access token guard and has the principal', async () => {
    const { call, mint } = await startFirst(adapter, guardOptions, {
      providers: [{ provide: APP_GUARD, useClass: RequestScopedGuard }],
    });
    const token = await mint();
    expect(await call('/cls', token)).toMatchObject(entered);
    expect(await call('/cls', token)).toMatchObject(entered);
    expect((await call('/cls')).status).toBe(401);
  });
});
