import { Inject, type Type, UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { BaseWsExceptionFilter, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { expect, test } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  AccessTokenErrorFilter,
  AccessTokenGuard,
  type AccessTokenVerifier,
  EntityAccess,
  Public,
} from '../../src/index.ts';
import { connectSocketIo, connectWebSocket } from '../support/gateways/items-gateway.ts';
import { startApp } from '../support/start/start-app.ts';

@WebSocketGateway()
class ItemsGateway {
  readonly #access: EntityAccess;
  readonly #verifier: AccessTokenVerifier;

  constructor(
    @Inject(EntityAccess) access: EntityAccess,
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
  ) {
    this.#access = access;
    this.#verifier = verifier;
  }

  @Public()
  @SubscribeMessage('verifier')
  verifier() {
    throw this.#verifier.createAccessDeniedError('Not on Sundays');
  }

  @Public()
  @SubscribeMessage('token')
  async token() {
    await this.#verifier.verifyToken('a.b.c');
  }

  @Public()
  @SubscribeMessage('deny')
  async deny() {
    await this.#require(() => false);
  }

  @Public()
  @SubscribeMessage('outage')
  async outage() {
    await this.#require(() => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    });
  }

  @Public()
  @SubscribeMessage('boom')
  async boom() {
    await this.#require(() => {
      throw new Error('boom');
    });
  }

  #require(policy: () => boolean): Promise<void> {
    return this.#access.require(policy, { principal: { sub: 'alice' } as never, entity: {} });
  }
}

@UseGuards(AccessTokenGuard)
@UseFilters(AccessTokenErrorFilter)
@WebSocketGateway()
class GuardedGateway extends ItemsGateway {}

@UseFilters(BaseWsExceptionFilter)
@WebSocketGateway()
class FilteredGateway extends ItemsGateway {}

const expected: Record<string, object> = {
  verifier: { statusCode: 403, code: 'access_denied', message: 'Not on Sundays' },
  token: { statusCode: 401, code: 'invalid_token' },
  deny: { statusCode: 403, code: 'access_denied', message: 'Access is denied' },
  outage: { statusCode: 503, code: 'server_error' },
};

test.each<[string, Type, boolean]>([
  ['the global guard', ItemsGateway, true],
  ['a guard and a filter on the gateway', GuardedGateway, false],
])(
  'A10: a message of a gateway receives the status of what its handler throws, with %s',
  async (_, gateway, globalGuard) => {
    const { url } = await startApp(
      { providers: [gateway] },
      { auth: { globalGuard }, before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
    );
    const { ask, close } = connectWebSocket(url, undefined);
    for (const [event, data] of Object.entries(expected))
      expect(await ask(event)).toMatchObject({ event: 'exception', data: { status: 'error', ...data } });
    expect(await ask('boom')).toMatchObject({
      event: 'exception',
      data: { message: 'Internal server error' },
    });
    close();
  },
);

test('A10: a message of socket.io receives the status of what its handler throws', async () => {
  const { url } = await startApp(
    { providers: [ItemsGateway] },
    { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );
  const { ask, close } = connectSocketIo(url, {});
  for (const [event, data] of Object.entries(expected))
    expect(await ask(event)).toMatchObject({ event: 'exception', data });
  close();
});

test('a filter of the application on a gateway has precedence', async () => {
  const { url } = await startApp(
    { providers: [FilteredGateway] },
    { before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
  );
  const { ask, close } = connectWebSocket(url, undefined);
  expect(await ask('deny')).toMatchObject({ data: { message: 'Internal server error' } });
  close();
});
