import { ApolloFederationDriver } from '@nestjs/apollo';
import {
  All,
  Controller,
  type DynamicModule,
  Get,
  Injectable,
  Module,
  Post,
  Scope,
  Sse,
  UseGuards,
  VERSION_NEUTRAL,
  Version,
  VersioningType,
} from '@nestjs/common';
import { LazyModuleLoader, RouterModule } from '@nestjs/core';
import {
  Args,
  Directive,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import {
  EventPattern,
  GrpcMethod,
  GrpcStreamMethod,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EMPTY } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/ports.ts';
import { Replaced } from '../../tests/support/replaced.ts';
import { adapters, startApp } from '../../tests/support/start-app.ts';
import {
  AccessTokenGuard,
  accessReport,
  formatAccessReport,
  MaxAge,
  OptionalAuth,
  Policy,
  Protected,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from '../index.ts';

@Injectable()
class OwnerPolicy {
  allows() {
    return true;
  }
}

function isOpen() {
  return true;
}

@RequireScopes('items:read')
@Controller(['items', 'things'])
class ItemsController {
  @Post()
  @Replaced()
  @RequireScopes('items:write')
  create() {
    return {};
  }

  @Public()
  @Get(['public', 'open'])
  open() {
    return {};
  }

  @OptionalAuth()
  @Sse('events')
  events() {
    return EMPTY;
  }

  @RequireScopes('items:admin')
  @RequireAnyScope('a', 'b')
  @RequirePermissions('items:delete')
  @RequireRoles('admin', 'editor')
  @RequireRoles('staff')
  @RequireAcr('mfa', 'hwk')
  @MaxAge(300)
  @Policy(OwnerPolicy)
  @Policy(isOpen)
  @Policy(() => true)
  @All(':id')
  everything() {
    return {};
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get()
  list() {
    return {};
  }
}

@Controller({ path: 'versions', version: ['1', '2'] })
class VersionedController {
  @Get()
  list() {
    return {};
  }

  @Version(VERSION_NEUTRAL)
  @Get('neutral')
  neutral() {
    return {};
  }
}

@Controller({ path: 'hosted', host: 'admin.example.test' })
class HostedController {
  @Protected()
  @Get()
  list() {
    return {};
  }
}

@Controller()
class MessagesController {
  @RequireScopes('items:read')
  @MessagePattern({ cmd: 'list' })
  list() {
    return {};
  }

  @EventPattern(['created', 'changed'])
  changed() {}

  @Public()
  @GrpcMethod('Items', 'Me')
  me() {
    return { text: '' };
  }

  @RequireScopes('items:read')
  @GrpcStreamMethod('Items', 'Echo')
  echo() {
    return EMPTY;
  }
}

@WebSocketGateway({ namespace: 'items' })
class ItemsGateway {
  @RequireScopes('items:read')
  @SubscribeMessage('list')
  list() {
    return {};
  }
}

@ObjectType()
@Directive('@key(fields: "id")')
class Item {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
@Directive('@key(fields: "id")')
class Account {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Item)
class ItemsResolver {
  @RequireScopes('items:read')
  @Query(() => Item)
  item(@Args('id', { type: () => ID }) id: string) {
    return { id };
  }

  @Mutation(() => Item, { name: 'add' })
  create() {
    return { id: '1' };
  }

  @OptionalAuth()
  @Subscription(() => Item)
  async *changes() {
    yield { changes: { id: '1' } };
  }

  @ResolveField(() => String)
  title() {
    return '';
  }

  @RequireScopes('items:read')
  @ResolveField(() => String)
  secret() {
    return '';
  }

  @RequireScopes('items:read')
  @ResolveReference()
  resolveReference(reference: Item) {
    return reference;
  }
}

@Controller('health')
class HealthController {
  @Get()
  check() {
    return {};
  }
}

@Module({})
class HealthModule {
  static forRoot(): DynamicModule {
    return { module: HealthModule, controllers: [HealthController] };
  }
}

@Controller('lazy')
class LazyController {
  @Public()
  @Get()
  list() {
    return {};
  }
}

@Module({ controllers: [LazyController] })
class LazyModule {}

const graphql = GraphQLModule.forRoot({
  driver: ApolloFederationDriver,
  playground: false,
  autoSchemaFile: { federation: 2 },
  buildSchemaOptions: { orphanedTypes: [Account] },
  subscriptions: { 'graphql-ws': true },
} as never);

const metadata = {
  imports: [
    graphql,
    HealthModule.forRoot(),
    RouterModule.register([{ path: 'operations', module: HealthModule }]),
  ],
  controllers: [ItemsController, ScopedController, VersionedController, HostedController, MessagesController],
  providers: [ItemsGateway, ItemsResolver, OwnerPolicy],
};

describe.each(adapters)('access report on %s', (adapter) => {
  const start = async (versioning: VersioningType.URI | VersioningType.HEADER) =>
    startApp(metadata, {
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

test('with globalGuard: false, reports handlers without the guard as unguarded', async () => {
  const { app } = await startApp(
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
});

@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('list')
  list() {
    return {};
  }
}
