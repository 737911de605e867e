import { createServer } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DevtoolsModule } from '@nestjs/devtools-integration';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, test } from 'vitest';
import { AuthModule, accessReport, Principal } from '../../src/index.ts';
import { type Adapter, adapters, audience } from '../support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  list(@Principal('sub') sub: string) {
    return { sub };
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(adapter: Adapter, { http, port }: { readonly http: boolean; readonly port: number }) {
  @Module({
    imports: [
      DevtoolsModule.register({ http, port }),
      AuthModule.forRoot({ issuer: 'https://login.example.com', audience }),
    ],
    controllers: [ItemsController],
  })
  class AppModule {}
  const app = await NestFactory.create(
    AppModule,
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    { snapshot: true, abortOnError: false, logger: false },
  );
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  return app;
}

describe.each(adapters)('@nestjs/devtools-integration on %s', (adapter) => {
  test('its server has no guard, and contains no option of the module', async () => {
    const port = await findFreePort();
    const app = await start(adapter, { http: true, port });
    try {
      expect((await fetch(`${await app.getUrl()}/items`)).status).toBe(401);
      expect(accessReport(app).map(({ entry }) => entry)).toEqual(['GET /items']);
      const headers = { origin: 'https://devtools.nestjs.com' };
      const response = await fetch(`http://127.0.0.1:${port}/inspector/graph/snapshot`, { headers });
      expect(response.status).toBe(200);
      const graph = await response.text();
      expect(graph).toContain('AccessTokenGuard');
      expect(graph).not.toContain('login.example.com');
    } finally {
      await app.close();
    }
  });

  test('"http: false" starts no server', async () => {
    const port = await findFreePort();
    const app = await start(adapter, { http: false, port });
    try {
      await expect(fetch(`http://127.0.0.1:${port}/inspector/graph/snapshot`)).rejects.toThrow();
    } finally {
      await app.close();
    }
  });
});
