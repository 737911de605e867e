import { Controller, Get, type INestApplication, Module, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, test } from 'vitest';
import { adapters, type StartOptions, startApp } from '../../tests/support/start/start-app.ts';
import { AuthModule, Public } from '../index.ts';

@Controller('items')
class ItemsController {
  @Get()
  items() {
    return {};
  }
}

describe.each(adapters)('the metadata route on %s', (adapter) => {
  const start = (options: StartOptions = {}) =>
    startApp({ controllers: [ItemsController] }, { adapter, ...options });

  test('A15: serves the metadata of the resource, and challenges contain its URL', async () => {
    const { call, server } = await start({
      auth: { protectedResource: { resource: 'https://api.example.test/v1', scopes: ['items:read'] } },
    });
    expect((await call('/items')).challenge).toBe(
      'Bearer resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1"',
    );
    for (const path of ['', '/v1'])
      expect(await call(`/.well-known/oauth-protected-resource${path}`)).toMatchObject({
        status: 200,
        body: {
          resource: 'https://api.example.test/v1',
          authorization_servers: [server.issuer],
          bearer_methods_supported: ['header'],
          scopes_supported: ['items:read'],
        },
      });
  });

  test.each([
    ['a global prefix', (app: INestApplication) => void app.setGlobalPrefix('api')],
    [
      'a default version in the path',
      (app: INestApplication) => void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    ],
    [
      'a default version in a header',
      (app: INestApplication) =>
        void app.enableVersioning({ type: VersioningType.HEADER, header: 'v', defaultVersion: '1' }),
    ],
    [
      'a prefix and a version',
      (app: INestApplication) => {
        app.setGlobalPrefix('api', { exclude: ['health'] });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    ],
  ])('A15: serves the metadata where the challenges name it, with %s', async (_, before) => {
    for (const path of ['', '/v1', '/a/b/c/d', '/a/b/c/d/e/f', '/tenant:1', '/a%20b']) {
      const { call, url } = await start({
        before,
        auth: { protectedResource: { resource: `https://api.example.test${path}` } },
      });
      const { status, body, headers } = await call(`/.well-known/oauth-protected-resource${path}`);
      expect({ status, resource: body?.resource }, path).toEqual({
        status: 200,
        resource: `https://api.example.test${path}`,
      });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cache-control')).toBe('public, max-age=3600');
      // Only the paths of the resource are served.
      const { status: otherStatus } = await fetch(`${url}/.well-known/oauth-protected-resource/other`);
      expect(otherStatus).toBe(404);
    }
  });

  test('A15: serves the metadata of two modules in one application', async () => {
    const describeResource = (path: string) => ({
      protectedResource: { resource: `https://api.example.test${path}` },
    });
    const { call } = await startApp(
      {
        controllers: [ItemsController],
        imports: [
          AuthModule.forRoot({
            issuer: 'https://other.example.test',
            audience: 'https://other.example.test',
            globalGuard: false,
            isGlobal: false,
            ...describeResource('/partners'),
          }),
        ],
      },
      { adapter, auth: describeResource('/v1') },
    );
    for (const path of ['/v1', '/partners'])
      expect(await call(`/.well-known/oauth-protected-resource${path}`)).toMatchObject({
        body: { resource: `https://api.example.test${path}` },
      });
  });

  test('A15: a route of the application for all paths does not hide the metadata', async () => {
    @Public()
    @Controller()
    class PagesController {
      @Get(adapter === 'fastify' ? '*' : '*path')
      page() {
        return { page: true };
      }
    }
    const issuer = 'https://issuer.example.test';
    @Module({
      imports: [
        AuthModule.forRoot({
          issuer,
          audience: 'x',
          protectedResource: { resource: 'https://api.example.test' },
        }),
      ],
      controllers: [PagesController],
    })
    class AppModule {}
    const app = await NestFactory.create<NestExpressApplication>(
      AppModule,
      (adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter()) as ExpressAdapter,
      { logger: false },
    );
    try {
      await app.listen(0, '127.0.0.1');
      const response = await fetch(`${await app.getUrl()}/.well-known/oauth-protected-resource`);
      expect(await response.json()).toMatchObject({ authorization_servers: [issuer] });
    } finally {
      await app.close();
    }
  });

  test('returns 404 without the option protectedResource', async () => {
    const { call } = await start();
    expect(await call('/.well-known/oauth-protected-resource')).toMatchObject({ status: 404 });
  });
});
