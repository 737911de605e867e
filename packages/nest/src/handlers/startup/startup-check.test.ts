import { type CanActivate, Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, test } from 'vitest';
import { adapters, audience, type StartOptions, startApp } from '../../../tests/support/start/start-app.ts';
import { AccessTokenGuard, AuthModule, Public, RequireScopes } from '../../index.ts';

@Controller('items')
class ItemsController {
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Controller('plain')
class PlainController {
  @Get()
  list() {
    return {};
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }
}

@Controller('explicit')
class ExplicitController {
  @UseGuards(AccessTokenGuard)
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Injectable()
class ExtendedGuard extends AccessTokenGuard {}

@UseGuards(ExtendedGuard)
@Controller('extended-guard')
class ExtendedGuardController {
  @RequireScopes('items:read')
  @Get()
  list() {
    return {};
  }
}

@Injectable()
class OtherGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

@UseGuards(OtherGuard)
@RequireScopes('items:read')
@Controller('other-guard')
class OtherGuardController {
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
}

@WebSocketGateway()
class ItemsGateway {
  @RequireScopes('items:read')
  @SubscribeMessage('list')
  list() {
    return {};
  }
}

const auth = { globalGuard: false };
const withSockets: StartOptions['before'] = (app) => void app.useWebSocketAdapter(new IoAdapter(app));

describe.each(adapters)('N16: with globalGuard: false, on %s', (adapter) => {
  test.each([
    [{ controllers: [ItemsController] }, 'ItemsController.list (GET /items)', 'ItemsController'],
    [
      { controllers: [OtherGuardController] },
      'OtherGuardController.list (GET /other-guard)',
      'OtherGuardController',
    ],
    [
      { controllers: [MessagesController] },
      'MessagesController.list (message {"cmd":"list"})',
      'MessagesController',
    ],
    [{ providers: [ItemsGateway] }, 'ItemsGateway.list (list)', 'ItemsGateway'],
  ])('does not start if a handler with requirements has no guard', async (metadata, name, type) => {
    await expect(startApp(metadata, { adapter, auth, before: withSockets })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unguarded_handler',
      message:
        `${name} requires an access token, but AccessTokenGuard is not applied to it. ` +
        `Put @UseGuards(AccessTokenGuard) on ${type}, or remove "globalGuard: false" from AuthModule.`,
    });
  });

  test('names every handler in one error', async () => {
    const metadata = { controllers: [ItemsController, OtherGuardController] };
    await expect(startApp(metadata, { adapter, auth })).rejects.toMatchObject({
      message: expect.stringMatching(/^ItemsController\.list .*\nOtherGuardController\.list /),
    });
  });

  test('starts with guarded handlers, and with handlers without requirements', async () => {
    const { call, mint } = await startApp(
      { controllers: [ExplicitController, ExtendedGuardController, PlainController] },
      { adapter, auth },
    );
    for (const path of ['/explicit', '/extended-guard']) {
      expect(await call(path), path).toMatchObject({ status: 401 });
      expect(await call(path, await mint()), path).toMatchObject({ status: 403 });
      expect(await call(path, await mint({ scope: 'items:read' })), path).toMatchObject({ status: 200 });
    }
    expect(await call('/plain')).toMatchObject({ status: 200 });
  });

  test.each([
    ['a provider', { providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }] }, undefined],
    [
      'useGlobalGuards()',
      {},
      ((app) => void app.useGlobalGuards(app.get(AccessTokenGuard))) as StartOptions['before'],
    ],
  ])('accepts a guard that the application makes global itself: %s', async (_, metadata, before) => {
    const { call, mint } = await startApp(
      { controllers: [ItemsController], ...metadata },
      { adapter, auth, ...(before && { before }) },
    );
    expect(await call('/items')).toMatchObject({ status: 401 });
    expect(await call('/items', await mint({ scope: 'items:read' }))).toMatchObject({ status: 200 });
  });
});

test('N16: does not accept a global guard for messages, to which Nest does not always apply it', async () => {
  const before: StartOptions['before'] = (app) => {
    app.useWebSocketAdapter(new IoAdapter(app));
    app.useGlobalGuards(app.get(AccessTokenGuard));
  };
  for (const metadata of [{ controllers: [MessagesController] }, { providers: [ItemsGateway] }])
    await expect(startApp(metadata, { auth, before })).rejects.toMatchObject({ code: 'unguarded_handler' });
});

test('N16: accepts a second AuthModule without a global guard, because the first one guards every handler', async () => {
  @Module({
    imports: [
      AuthModule.forRoot({
        issuer: 'https://other.example.test',
        audience,
        globalGuard: false,
        isGlobal: false,
      }),
    ],
    controllers: [ItemsController],
  })
  class OtherModule {}
  const { call } = await startApp({ imports: [OtherModule] });
  expect(await call('/items')).toMatchObject({ status: 401 });
});
