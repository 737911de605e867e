import { Controller, Get, Inject, type Type, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { expect, test } from 'vitest';
import { AccessTokenGuard, ConnectionAuthenticator, Public } from '../../../src/index.ts';
import {
  connectionStateRecovery,
  MessagesGateway,
  RecoveringAdapter,
  RoomsGateway,
} from '../../support/gateways/recovering-gateways.ts';
import { startApp } from '../../support/start/start-app.ts';

@WebSocketGateway({ connectionStateRecovery } as never)
class OptionsGateway extends RoomsGateway {}

@WebSocketGateway()
class ServerGateway extends RoomsGateway {
  @WebSocketServer()
  server: unknown;
}

@WebSocketGateway({ namespace: 'items' })
class NamespaceGateway extends ServerGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class BroadcastGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class PublicGateway {
  @Public()
  @SubscribeMessage('news')
  news() {
    return { event: 'news', data: 'news' };
  }
}

test.each([
  [OptionsGateway, IoAdapter],
  [ServerGateway, RecoveringAdapter],
  [NamespaceGateway, RecoveringAdapter],
  [BroadcastGateway, IoAdapter],
])('N30: an application with recovery in %o does not start', async (gateway, Adapter) => {
  const before = (app: never) =>
    void (app as { useWebSocketAdapter(a: object): void }).useWebSocketAdapter(new Adapter(app));
  await expect(startApp({ providers: [gateway] }, { before: before as never })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(`connectionStateRecovery of socket.io is set for ${gateway.name}`),
  });
});

@WebSocketGateway({ connectionStateRecovery } as never)
class MessageOptionsGateway extends MessagesGateway {}

@UseGuards(AccessTokenGuard)
@WebSocketGateway({ connectionStateRecovery } as never)
class GuardedGateway {
  @SubscribeMessage('me')
  me() {}
}

@WebSocketGateway({ connectionStateRecovery } as never)
class GuardedMessageGateway {
  @UseGuards(AccessTokenGuard)
  @SubscribeMessage('me')
  me() {}
}

@WebSocketGateway({ connectionStateRecovery } as never)
class PrivateFieldGateway {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    this.#connections = connections;
  }

  handleConnection(client: object) {
    return this.#connections.authenticate(client);
  }
}

@WebSocketGateway({ connectionStateRecovery } as never)
class PropertyGateway {
  @Inject(ConnectionAuthenticator)
  readonly connections!: ConnectionAuthenticator;
}

@Public()
@WebSocketGateway({ connectionStateRecovery } as never)
class PublicFeedGateway {
  @WebSocketServer()
  server: unknown;
}

@WebSocketGateway({ connectionStateRecovery } as never)
class InheritedFeedGateway extends PublicFeedGateway {}

@Public()
@WebSocketGateway({ connectionStateRecovery } as never)
class AuthenticatedFeedGateway extends PrivateFieldGateway {}

@WebSocketGateway({ connectionStateRecovery } as never)
class CookieGateway {
  @SubscribeMessage('me')
  me() {}
}

@UseGuards(AccessTokenGuard)
@Controller()
class ItemsController {
  @Get()
  list() {
    return [];
  }
}

const startWithOptions = (gateway: Type, auth: object = {}) =>
  startApp(
    { controllers: [ItemsController], providers: [gateway] },
    { auth, before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );

test.each([MessageOptionsGateway, PrivateFieldGateway, PropertyGateway, AuthenticatedFeedGateway])(
  'N30: an application with recovery in %o does not start with the global guard',
  async (gateway) => {
    await expect(startWithOptions(gateway)).rejects.toMatchObject({ code: 'invalid_option' });
  },
);

test.each([
  OptionsGateway,
  GuardedGateway,
  GuardedMessageGateway,
  PrivateFieldGateway,
  PropertyGateway,
  AuthenticatedFeedGateway,
])('N30: without a global guard, an application with recovery in %o does not start', async (gateway) => {
  await expect(startWithOptions(gateway, { globalGuard: false })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(gateway.name),
  });
});

test.each([PublicGateway, PublicFeedGateway, InheritedFeedGateway])(
  'N30: %o is public, and may use recovery',
  async (gateway) => {
    await startWithOptions(gateway);
    await startWithOptions(gateway, { globalGuard: false });
  },
);

test.each([CookieGateway, BroadcastGateway])(
  'N30: %o, whose users this package does not authenticate, may use recovery',
  async (gateway) => {
    await startWithOptions(gateway, { globalGuard: false });
  },
);
