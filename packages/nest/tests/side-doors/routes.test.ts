import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Get,
  HostParam,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
  VersioningType,
} from '@nestjs/common';
import { LazyModuleLoader, RouterModule } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessReport, getPrincipal, Principal, Public, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

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

test.each(adapters)(
  'serves static files of %s without a token, and handlers only with a token',
  async (adapter) => {
    const { call, mint } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        before: (app) => {
          if (adapter === 'express')
            (app as NestExpressApplication).useStaticAssets(folder, { prefix: '/files' });
          else
            (app as unknown as NestFastifyApplication).useStaticAssets({ root: folder, prefix: '/files/' });
        },
      },
    );
    expect((await call('/files/page.txt')).status).toBe(200);
    expect((await call('/items')).status).toBe(401);
    expect((await call('/items', await mint())).status).toBe(200);
  },
);

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
      read(@HostParam('tenant') tenant: string, @Principal('sub') sub: string) {
        return { sub, tenant };
      }
    }
    @Module({ controllers: [ItemsController] })
    class ItemsModule {}
    const { url, call, mint } = await startApp(
      {
        imports: [ItemsModule, RouterModule.register([{ path: 'admin', module: ItemsModule }])],
        controllers: [TenantController],
      },
      { adapter },
    );
    expect((await call('/admin/items')).status).toBe(401);
    expect((await call('/admin/items', await mint({ sub: 'bob' }))).body).toEqual({ sub: 'bob' });
    // `fetch` does not send another `Host`.
    const callHost = (host: string, token?: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { host, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
        get(`${url}/tenant`, { headers, agent: false }, (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk)));
          response.once('end', () => resolve(`${response.statusCode} ${text}`));
        }).once('error', reject);
      });
    expect(await callHost('acme.example.test')).toMatch(/^401 /);
    expect(await callHost('acme.example.test', await mint({ sub: 'bob' }))).toBe(
      '200 {"sub":"bob","tenant":"acme"}',
    );
    expect(await callHost('example.test', await mint())).toMatch(/^404 /);
  });

  test('a middleware of MiddlewareConsumer that responds is not guarded, and the report does not list it', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class RespondingMiddleware implements NestMiddleware {
      use(
        request: object,
        response: { setHeader(name: string, value: string): void; end(text: string): void },
      ) {
        seen.push(getPrincipal(request)?.sub);
        response.setHeader('content-type', 'application/json');
        response.end('{"answer":"middleware"}');
      }
    }
    @Injectable()
    class PassingMiddleware implements NestMiddleware {
      use(_: object, __: object, next: () => void) {
        next();
      }
    }
    @Module({ controllers: [ItemsController] })
    class ItemsModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(RespondingMiddleware).forRoutes('answers');
        consumer.apply(PassingMiddleware).forRoutes(ItemsController);
      }
    }
    const { app, call, mint } = await startApp({ imports: [ItemsModule] }, { adapter });
    expect(await call('/answers')).toMatchObject({ status: 200, body: { answer: 'middleware' } });
    expect((await call('/answers', await mint())).body).toEqual({ answer: 'middleware' });
    expect(seen).toEqual([undefined, undefined]);
    expect((await call('/items')).status).toBe(401);
    expect((await call('/items', await mint({ sub: 'bob' }))).body).toEqual({ sub: 'bob' });
    expect(accessReport(app).map(({ entry }) => entry)).toEqual(['GET /items']);
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

  test('a lazily loaded module adds no route', async () => {
    @Module({ controllers: [ItemsController] })
    class LazyModule {}
    const { app, call, mint } = await startApp({}, { adapter });
    await app.get(LazyModuleLoader).load(() => LazyModule);
    expect((await call('/items', await mint())).status).toBe(404);
  });
});
