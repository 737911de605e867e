import { type CanActivate, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ApplicationGuard } from '../../src/handlers/application-guard.ts';
import {
  connectSocketIo,
  connectWebSocket,
  ItemsGateway,
  StrictGateway,
} from '../support/gateways/items-gateway.ts';
import { type StartOptions, startApp } from '../support/start/start-app.ts';

test('A10: adds the guard to each gateway, because some versions of Nest do not apply global guards', async () => {
  for (let i = 0; i < 2; i++) await startApp({ providers: [ItemsGateway] });
  const guards = Reflect.getMetadata('__guards__', ItemsGateway) as unknown[];
  expect(guards).toEqual([ApplicationGuard]);
});

test('A10: keeps the guards of the base class of a gateway', async () => {
  class Weekdays implements CanActivate {
    canActivate() {
      return false;
    }
  }
  @UseGuards(Weekdays)
  class Base {}
  @WebSocketGateway()
  class Gateway extends Base {}
  await startApp({ providers: [Gateway] });
  expect(Reflect.getMetadata('__guards__', Gateway)).toEqual([ApplicationGuard, Weekdays]);
});

describe('socket.io', () => {
  const start = async (gateway: new (...args: never[]) => ItemsGateway, options: StartOptions = {}) => {
    const testApp = await startApp(
      { providers: [gateway] },
      { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)), ...options },
    );
    const connect = (auth: Record<string, unknown>, headers: Record<string, string> = {}) => {
      const connection = connectSocketIo(testApp.url, auth, headers);
      return { ...connection, ask: async (event: string) => (await connection.ask(event)).data };
    };
    return { ...testApp, connect };
  };

  test('A10, A14: guards each message with the credential of the handshake', async () => {
    const { connect, mint } = await start(ItemsGateway);
    const anonymous = connect({});
    expect(await anonymous.ask('open')).toBe('open');
    expect(await anonymous.ask('me')).toMatchObject({
      status: 'error',
      statusCode: 401,
      code: 'token_missing',
      message: 'An access token is required',
    });
    anonymous.close();

    for (const [auth, headers] of [
      [{ token: await mint() }, {}],
      [{ token: `Bearer ${await mint()}` }, {}],
      [{}, { authorization: `Bearer ${await mint()}` }],
    ] as const) {
      const alice = connect(auth, headers);
      expect(await alice.ask('me')).toBe('alice');
      expect(await alice.ask('write')).toMatchObject({ statusCode: 403, code: 'insufficient_scope' });
      alice.close();
    }
    const ambiguous = connect(
      { token: await mint() },
      { authorization: `Bearer ${await mint({ sub: 'bob' })}` },
    );
    expect(await ambiguous.ask('me')).toMatchObject({ statusCode: 400, code: 'invalid_request' });
    ambiguous.close();
    const foreign = connect({ token: await mint({}, { foreignKey: true }) });
    expect(await foreign.ask('me')).toMatchObject({ statusCode: 401, code: 'invalid_token' });
    foreign.close();
  });

  test('A10: closes a connection when its token expires', async () => {
    const { connect, mint, server } = await start(ItemsGateway, { auth: { clockTolerance: 0 } });
    const early = connect({ token: await mint() });
    expect(await early.ask('me')).toBe('alice');
    server.clock.advance(3600);
    expect(await early.ask('me')).toMatchObject({ statusCode: 401, message: 'The access token has expired' });
    early.close();

    server.clock.stop();
    const soon = Math.floor(server.clock.now() / 1000) + 2;
    const late = connect({ token: await mint({ exp: soon }) });
    expect(await late.ask('me')).toBe('alice');
    expect(await late.closed).toBe('io server disconnect');
  });

  test('A10: closes a connection without a token if the gateway authenticates connections', async () => {
    const { connect, mint } = await start(StrictGateway);
    expect(await connect({}).closed).toBe('io server disconnect');
    expect(await connect({ token: 'abc' }).closed).toBe('io server disconnect');
    const alice = connect({ token: await mint() });
    expect(await alice.ask('me')).toBe('alice');
    alice.close();
  });
});

describe('plain WebSocket', () => {
  const start = async (gateway: new (...args: never[]) => ItemsGateway, auth: StartOptions['auth'] = {}) => {
    const testApp = await startApp(
      { providers: [gateway] },
      { auth, before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
    );
    const connect = (token?: string) => connectWebSocket(testApp.url, token);
    return { ...testApp, connect };
  };

  test('A10: rejects messages if no hook has authenticated the handshake', async () => {
    const { connect, mint } = await start(ItemsGateway);
    const socket = connect(await mint());
    expect(await socket.ask('me')).toMatchObject({ event: 'exception', data: { statusCode: 401 } });
    expect(await socket.ask('open')).toEqual({ event: 'open', data: 'open' });
    socket.close();
  });

  test('A10: authenticates the connection and each message', async () => {
    const { connect, mint, server } = await start(StrictGateway);
    const alice = connect(await mint({ scope: 'items:write' }));
    expect(await alice.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect(await alice.ask('write')).toEqual({ event: 'write', data: 'alice' });
    alice.close();
    expect(await connect().closed).toBe('4401 An access token is required');
    expect(await connect('abc').closed).toBe('4401 The access token is not a JWT');
    server.fail('jwks', { status: 500 });
    server.clock.advance(100_000);
    expect(await connect(await mint()).closed).toBe('1013 Try again later');
  });

  test('A10: rejects an insufficient token, and a token that expires while the connection is open', async () => {
    const { connect, mint, server } = await start(StrictGateway, { clockTolerance: 0 });
    const alice = connect(await mint({ scope: 'items:read' }));
    expect(await alice.ask('write')).toMatchObject({
      event: 'exception',
      data: { statusCode: 403, code: 'insufficient_scope' },
    });
    expect(await alice.ask('me')).toEqual({ event: 'me', data: 'alice' });
    server.clock.advance(3600);
    expect(await alice.ask('me')).toMatchObject({
      event: 'exception',
      data: { statusCode: 401, message: 'The access token has expired' },
    });
    alice.close();

    server.clock.stop();
    const soon = Math.floor(server.clock.now() / 1000) + 2;
    const late = connect(await mint({ exp: soon }));
    expect(await late.closed).toBe('4401 The access token has expired');
  });

  test('A14: rejects a token in the URL of the handshake', async () => {
    const { url, mint } = await start(StrictGateway);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/?access_token=${await mint()}`);
    const closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve(`${code} ${reason}`)),
    );
    expect(await closed).toBe('4401 An access token in the query is not accepted');
  });
});
