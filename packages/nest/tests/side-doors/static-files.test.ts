import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ServeStaticModule } from '@nestjs/serve-static';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthModule, accessReport, Principal } from '../../src/index.ts';
import { adapters, audience } from '../support/start/start-app.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'static-'));
  await writeFile(join(folder, 'index.html'), '<p>index</p>');
  await writeFile(join(folder, 'page.txt'), 'static');
});
afterAll(() => rm(folder, { recursive: true }));

@Controller('api/items')
class ItemsController {
  @Get()
  list(@Principal('sub') sub: string) {
    return { sub };
  }
}

describe.each(adapters)('@nestjs/serve-static on %s', (adapter) => {
  test.each([
    ['at the root', {}, '/page.txt', '/'],
    ['below a path', { serveRoot: '/files' }, '/files/page.txt', '/files/'],
  ])(
    'serves files and the index page %s to all, and no handler without a token',
    async (_, options, path, index) => {
      const server = await createTestAuthorizationServer({ resources: [audience] });
      @Module({
        imports: [
          AuthModule.forRoot({ issuer: server.issuer, audience, fetch: server.fetch, now: server.clock.now }),
          ServeStaticModule.forRoot({ rootPath: folder, exclude: ['/api/{*path}'], ...options }),
        ],
        controllers: [ItemsController],
      })
      class AppModule {}
      // The module finds the HTTP server only if the application creates its adapter first.
      const app = await NestFactory.create(
        AppModule,
        adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
        { logger: false, abortOnError: false },
      );
      try {
        await app.listen(0, '127.0.0.1');
        const url = await app.getUrl();
        const get = async (address: string, token?: string) => {
          const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
          const response = await fetch(url + address, { headers });
          return `${response.status} ${await response.text()}`;
        };
        expect(await get(path)).toBe('200 static');
        expect(await get(index)).toBe('200 <p>index</p>');
        // For the routes of a browser application; on Fastify only with `fallthrough: true`.
        expect(await get(`${index}unknown`)).toMatch(adapter === 'express' ? /^200 <p>index<\/p>$/ : /^404 /);
        expect(await get('/api/items')).toMatch(/^401 /);
        expect(await get('/api/items/')).not.toContain('alice');
        expect(await get('/api/items', 'x.y.z')).toMatch(/^401 /);
        expect(await get('/api/items', await server.mintAccessToken())).toBe('200 {"sub":"alice"}');
        // Files have no handler, so the report does not list them.
        expect(accessReport(app).map(({ entry }) => entry)).toEqual(['GET /api/items']);
      } finally {
        await app.close();
      }
    },
  );
});
