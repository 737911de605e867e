import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  VersioningType,
} from '@nestjs/common';
import { APP_INTERCEPTOR, LazyModuleLoader, RouterModule } from '@nestjs/core';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ClsModule, ClsService } from 'nestjs-cls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getPrincipal, Principal, Public, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start-app.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'static-'));
  await writeFile(join(folder, 'page.txt'), '"static"');
});
afterAll(() => rm(folder, { recursive: true }));

@Controller()
class ItemsController {
  @Get('items')
  items(@Principal('sub') sub: string) {
    return { sub };
  }
}

test('@nestjs/terminus: a health check requires a token, or @Public()', async () => {
  @Controller('health')
  class HealthController {
    constructor(@Inject(HealthCheckService) private readonly health: HealthCheckService) {}

    @Get('private')
    checkPrivate() {
      return this.health.check([]);
    }

    @Public()
    @Get('public')
    checkPublic() {
      return this.health.check([]);
    }
  }
  const { call } = await startApp({ imports: [TerminusModule], controllers: [HealthController] });
  expect((await call('/health/private')).status).toBe(401);
  expect(await call('/health/public')).toMatchObject({ status: 200, body: { status: 'ok' } });
});

test('serves static files without a token, and handlers only with a token', async () => {
  const { call, mint } = await startApp(
    { controllers: [ItemsController] },
    { before: (app) => void (app as NestExpressApplication).useStaticAssets(folder, { prefix: '/files' }) },
  );
  expect((await call('/files/page.txt')).status).toBe(200);
  expect((await call('/items')).status).toBe(401);
  expect((await call('/items', await mint())).status).toBe(200);
});

describe('an application with a requirement that no guard checks does not start', () => {
  @Injectable()
  class CronService {
    @RequireScopes('a')
    @Cron('0 0 1 1 *')
    run() {}
  }
  @Injectable()
  class EventService {
    @RequireScopes('a')
    @OnEvent('item.created')
    handle() {}
  }
  class RemoveItem {}
  @CommandHandler(RemoveItem)
  class RemoveItemHandler implements ICommandHandler<RemoveItem> {
    @RequireScopes('a')
    async execute() {}
  }
  @RequireScopes('a')
  @Injectable()
  class ScopedEventService {
    @OnEvent('item.created')
    handle() {}
  }
  @RequireScopes('a')
  @CommandHandler(RemoveItem)
  class ScopedRemoveItemHandler implements ICommandHandler<RemoveItem> {
    async execute() {}
  }
  test.each([
    ['@nestjs/event-emitter, on the class', EventEmitterModule.forRoot(), ScopedEventService],
    ['@nestjs/cqrs, on the class', CqrsModule.forRoot(), ScopedRemoveItemHandler],
    ['@nestjs/schedule', ScheduleModule.forRoot(), CronService],
    ['@nestjs/event-emitter', EventEmitterModule.forRoot(), EventService],
    ['@nestjs/cqrs', CqrsModule.forRoot(), RemoveItemHandler],
  ])('%s', async (_, module, provider) => {
    await expect(startApp({ imports: [module], providers: [provider] })).rejects.toMatchObject({
      code: 'unguarded_handler',
    });
  });
});

test('@nestjs/cqrs: a command runs with the principal that the guarded handler passes', async () => {
  class RemoveItem {
    constructor(readonly sub: string) {}
  }
  @CommandHandler(RemoveItem)
  class RemoveItemHandler implements ICommandHandler<RemoveItem> {
    async execute({ sub }: RemoveItem) {
      return { removedBy: sub };
    }
  }
  @Controller()
  class CommandsController {
    constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

    @Get('remove')
    remove(@Principal('sub') sub: string) {
      return this.commands.execute(new RemoveItem(sub));
    }
  }
  const { call, mint } = await startApp({
    imports: [CqrsModule.forRoot()],
    controllers: [CommandsController],
    providers: [RemoveItemHandler],
  });
  expect((await call('/remove')).status).toBe(401);
  expect((await call('/remove', await mint({ sub: 'bob' }))).body).toEqual({ removedBy: 'bob' });
});

test('nestjs-cls: an interceptor stores the principal of each request', async () => {
  @Injectable()
  class PrincipalInterceptor implements NestInterceptor {
    constructor(@Inject(ClsService) private readonly cls: ClsService) {}

    intercept(context: ExecutionContext, next: CallHandler) {
      this.cls.set('sub', getPrincipal(context)?.sub);
      return next.handle();
    }
  }
  @Controller()
  class ClsController {
    constructor(@Inject(ClsService) private readonly cls: ClsService) {}

    @Get('cls')
    async read() {
      await new Promise(setImmediate);
      return { sub: this.cls.get('sub') };
    }
  }
  const { call, mint } = await startApp({
    imports: [ClsModule.forRoot({ middleware: { mount: true } })],
    controllers: [ClsController],
    providers: [{ provide: APP_INTERCEPTOR, useClass: PrincipalInterceptor }],
  });
  const subs = ['alice', 'bob', 'carol', 'dave'];
  const bodies = await Promise.all(subs.map(async (sub) => (await call('/cls', await mint({ sub }))).body));
  expect(bodies).toEqual(subs.map((sub) => ({ sub })));
});

describe.each(adapters)('routing of Nest on %s', (adapter) => {
  test.each([
    ['in the path', { type: VersioningType.URI } as const, '/v2/items', {}],
    [
      'in a header',
      { type: VersioningType.HEADER, header: 'x-version' } as const,
      '/items',
      { 'x-version': '2' },
    ],
    [
      'in the media type',
      { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const,
      '/items',
      { accept: 'application/json;v=2' },
    ],
    [
      'found by a function',
      {
        type: VersioningType.CUSTOM,
        extractor: (request: unknown) =>
          String((request as { headers: Record<string, string> }).headers['x-custom'] ?? '1'),
      } as const,
      '/items',
      { 'x-custom': '2' },
    ],
  ])('guards a version %s', async (_, versioning, path, headers) => {
    @Controller({ path: 'items', version: '1' })
    class FirstController {
      @Public()
      @Get()
      list() {
        return { version: 1 };
      }
    }
    @Controller({ path: 'items', version: '2' })
    class SecondController {
      @RequireScopes('items:read')
      @Get()
      list() {
        return { version: 2 };
      }
    }
    const { call, mint } = await startApp(
      { controllers: [FirstController, SecondController] },
      { adapter, before: (app) => void app.enableVersioning(versioning) },
    );
    const send = (token?: string) => call(path, token, { headers: headers as Record<string, string> });
    expect((await send()).status).toBe(401);
    expect((await send(await mint({ scope: 'other' }))).status).toBe(403);
    expect((await send(await mint({ scope: 'items:read' }))).body).toEqual({ version: 2 });
  });

  test('guards routes of RouterModule and of a host', async () => {
    @Controller({ host: ':tenant.example.test', path: 'tenant' })
    class TenantController {
      @Get()
      read(@Param() _: unknown) {
        return {};
      }
    }
    @Module({ controllers: [ItemsController] })
    class ItemsModule {}
    const { call, mint } = await startApp(
      {
        imports: [ItemsModule, RouterModule.register([{ path: 'admin', module: ItemsModule }])],
        controllers: [TenantController],
      },
      { adapter },
    );
    expect((await call('/admin/items')).status).toBe(401);
    expect((await call('/admin/items', await mint({ sub: 'bob' }))).body).toEqual({ sub: 'bob' });
  });

  test('does not guard raw routes of the HTTP adapter', async () => {
    const { call } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        before: (app) =>
          void app
            .getHttpAdapter()
            .get('/raw', (_: unknown, response: { send(b: object): void }) => response.send({ raw: true })),
      },
    );
    expect((await call('/raw')).body).toEqual({ raw: true });
    expect((await call('/items')).status).toBe(401);
  });
});

test('a lazily loaded module adds no route, and its providers receive the verifier', async () => {
  @Module({ controllers: [ItemsController] })
  class LazyModule {}
  const { app, call, mint } = await startApp({});
  await app.get(LazyModuleLoader).load(() => LazyModule);
  expect((await call('/items', await mint())).status).toBe(404);
});
