import { Controller, Get, UseGuards, VersioningType } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { allHandlerKinds, LazyModule } from '../../tests/support/all-handler-kinds.ts';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import { AccessTokenGuard, accessReport, formatAccessReport } from '../index.ts';

describe.each(adapters)('access report on %s', (adapter) => {
  const start = async (versioning: VersioningType.URI | VersioningType.HEADER) =>
    startApp(allHandlerKinds, {
      adapter,
      before: async (app) => {
        app.setGlobalPrefix('api', { exclude: ['items/public'] });
        app.enableVersioning(
          versioning === VersioningType.URI
            ? { type: versioning }
            : { type: versioning, header: 'x-version' },
        );
        app.useWebSocketAdapter(new IoAdapter(app));
        app.connectMicroservice<MicroserviceOptions>({
          transport: Transport.TCP,
          options: { host: '127.0.0.1', port: await findFreePort() },
        });
      },
    });

  test('lists every handler and its requirements in a stable order', async () => {
    const { app } = await start(VersioningType.URI);
    const report = accessReport(app);
    expect(accessReport(app)).toEqual(report);
    const metadataRows = report.filter(({ handler }) => handler.startsWith('ProtectedResourceMetadata'));
    for (const { requirement } of metadataRows) expect(requirement).toEqual({ access: 'public' });
    const others = report.filter((row) => !metadataRows.includes(row));
    expect(`\n${formatAccessReport(others)}\n`).toMatchInlineSnapshot(`
      "
      http          GET /api/hosted (host admin.example.test)  HostedController.list           protected
      http          POST /api/items                            ItemsController.create          protected, scopes items:read items:write
      http          ALL /api/items/:id                         ItemsController.everything      protected, scopes items:read items:admin, scope a or b, permissions items:delete, role staff, role admin or editor, acr mfa or hwk, max age 300 s, policies (anonymous) isOpen OwnerPolicy
      http          GET /api/items/events                      ItemsController.events          protected, scopes items:read
      http          GET /api/items/open                        ItemsController.open            public
      http          GET /api/operations/health                 HealthController.check          protected
      http          GET /api/scoped                            ScopedController.list           protected
      http          POST /api/things                           ItemsController.create          protected, scopes items:read items:write
      http          ALL /api/things/:id                        ItemsController.everything      protected, scopes items:read items:admin, scope a or b, permissions items:delete, role staff, role admin or editor, acr mfa or hwk, max age 300 s, policies (anonymous) isOpen OwnerPolicy
      http          GET /api/things/events                     ItemsController.events          protected, scopes items:read
      http          GET /api/things/open                       ItemsController.open            public
      http          GET /api/things/public                     ItemsController.open            public
      http          GET /api/v1/versions                       VersionedController.list        protected
      http          GET /api/v2/versions                       VersionedController.list        protected
      http          GET /api/versions/neutral                  VersionedController.neutral     protected
      http          GET /items/public                          ItemsController.open            public
      graphql       Item.secret                                ItemsResolver.secret            protected, scopes items:read
      graphql       Item.title                                 ItemsResolver.title             inherited
      graphql       Mutation.add                               ItemsResolver.create            protected
      graphql       Query._service                             (schema)                        public
      graphql       Query.item                                 ItemsResolver.item              protected, scopes items:read
      graphql       Subscription.changes                       ItemsResolver.changes           optional
      graphql       _entities Account                          (schema)                        protected
      graphql       _entities Item                             ItemsResolver.resolveReference  protected, scopes items:read
      websocket     list (namespace items)                     ItemsGateway.list               protected, scopes items:read
      microservice  event changed                              MessagesController.changed      protected
      microservice  event created                              MessagesController.changed      protected
      microservice  gRPC Items/Echo                            MessagesController.echo         protected, scopes items:read
      microservice  gRPC Items/Me                              MessagesController.me           public
      microservice  message {"cmd":"list"}                     MessagesController.list         protected, scopes items:read
      "
    `);
  });

  test('contains requirements as data', async () => {
    const { app } = await start(VersioningType.HEADER);
    const rows = accessReport(app);
    expect(rows.find(({ entry }) => entry === 'ALL /api/items/:id')).toEqual({
      transport: 'http',
      entry: 'ALL /api/items/:id',
      handler: 'ItemsController.everything',
      requirement: {
        access: 'protected',
        scopes: ['items:read', 'items:admin'],
        anyScope: [['a', 'b']],
        permissions: ['items:delete'],
        roles: [['staff'], ['admin', 'editor']],
        acr: [['mfa', 'hwk']],
        maxAge: 300,
        policies: ['(anonymous)', 'isOpen', 'OwnerPolicy'],
      },
    });
    expect(rows.map(({ entry }) => entry).filter((entry) => entry.includes('versions'))).toEqual([
      'GET /api/versions (version 1, 2)',
      'GET /api/versions/neutral (version neutral)',
    ]);
  });

  test('each route responds as the report states', async () => {
    const { app, call } = await start(VersioningType.URI);
    const rows = accessReport(app).filter(
      ({ transport, entry }) =>
        transport === 'http' && /^(GET|POST) [^ ]+$/.test(entry) && !entry.includes(':'),
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { entry, requirement } of rows) {
      const [method = '', path = ''] = entry.split(' ');
      const { status } = await call(path, undefined, { method });
      if (requirement.access === 'protected') expect(status, entry).toBe(401);
      // The metadata of the resource is not configured in this application.
      else expect([200, 404], entry).toContain(status);
    }
  });

  test('N17: a controller of a lazily loaded module is not a route', async () => {
    const { app, call } = await start(VersioningType.URI);
    await app.get(LazyModuleLoader, { strict: false }).load(() => LazyModule);
    expect(await call('/api/lazy')).toMatchObject({ status: 404 });
  });
});

@Controller('explicit')
class ExplicitController {
  @UseGuards(AccessTokenGuard)
  @Get()
  guarded() {
    return {};
  }

  @Get('plain')
  plain() {
    return {};
  }
}

test('with globalGuard: false, starts with handlers without the guard, which need no token, and reports them as unguarded', async () => {
  const { app, call } = await startApp(
    { controllers: [ExplicitController], providers: [PlainGateway] },
    { auth: { globalGuard: false }, before: (each) => void each.useWebSocketAdapter(new IoAdapter(each)) },
  );
  const access = Object.fromEntries(
    accessReport(app).map(({ entry, requirement }) => [entry, requirement.access]),
  );
  expect(access).toMatchObject({
    'GET /explicit': 'protected',
    'GET /explicit/plain': 'unguarded',
    list: 'unguarded',
  });
  expect((await call('/explicit')).status).toBe(401);
  expect((await call('/explicit/plain')).status).toBe(200);
});

@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('list')
  list() {
    return {};
  }
}
