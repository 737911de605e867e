import { Controller, Get, type INestApplication, Inject } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { MessagePattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import {
  ACCESS_TOKEN_VERIFIER,
  AccessTokenGuard,
  type AccessTokenVerifier,
  Principal,
} from '../../src/index.ts';
import { exceptionText, watchLogs } from '../support/fault-points.ts';
import { adapters, startApp } from '../support/start/start-app.ts';
import { createHolder } from '../support/tokens/dpop.ts';

const { lines, listen } = watchLogs();

@Controller()
class ItemsController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @Get('me')
  me(@Principal('sub') sub: string) {
    return { sub };
  }

  @Get('denied')
  denied() {
    throw this.#verifier.createAccessDeniedError('Not on Sundays');
  }

  @MessagePattern('me')
  message(@Principal('sub') sub: string) {
    return sub;
  }
}

type Hostile = (request: Record<string, unknown>, response: Record<string, unknown>) => void;

const throwError = () => {
  throw new Error(exceptionText);
};

const requests: readonly (readonly [string, Hostile])[] = [
  [
    'a header that cannot be read',
    (request) =>
      void Object.defineProperty(request.headers, 'authorization', { get: throwError, configurable: true }),
  ],
  [
    'a body that cannot be read',
    (request) =>
      void Object.defineProperty(request, 'body', { get: throwError, set() {}, configurable: true }),
  ],
];

describe('N1: requests of Express', () => {
  test.each(requests)('rejects %s', async (_, hostile) => {
    let isHostile = true;
    const before = (app: INestApplication) => {
      app.use((request: never, response: never, next: () => void) => {
        if (isHostile) hostile(request, response);
        next();
      });
      listen(app);
    };
    const { call, mint } = await startApp({ controllers: [ItemsController] }, { before });
    const response = await call('/me', await mint());
    expect(response).toMatchObject({ status: 401, challenge: expect.stringContaining('invalid_token') });
    expect(JSON.stringify(response.body)).not.toContain(exceptionText);
    expect(lines).toHaveLength(1);
    isHostile = false;
    expect(await call('/me', await mint())).toMatchObject({ status: 200 });
  });
});

const createThrowingObject = (name: string, target: object = {}) =>
  Object.defineProperty({ ...target }, name, { get: throwError, enumerable: true });
const proxy = new Proxy(
  {},
  { get: throwError, has: throwError, getPrototypeOf: throwError, ownKeys: throwError },
);
const headers = { authorization: 'Bearer abc' };
const metadata = { get: throwError, getMap: throwError };

class Handlers {
  handle() {}
}

test.each([
  ['http', 'a request without headers', [{}, {}]],
  ['http', 'headers that cannot be read', [createThrowingObject('headers'), {}]],
  ['http', 'raw headers that cannot be read', [createThrowingObject('rawHeaders', { headers }), {}]],
  ['http', 'a URL that cannot be read', [createThrowingObject('originalUrl', { headers }), {}]],
  ['http', 'a proxy', [proxy, {}]],
  ['http', 'a missing request', [undefined, undefined]],
  ['graphql', 'a context that cannot be read', [{}, {}, createThrowingObject('req'), {}]],
  ['graphql', 'a request that cannot be read', [{}, {}, { req: proxy }, {}]],
  [
    'graphql',
    'parameters that cannot be read',
    [{}, {}, { req: { extra: {}, connectionParams: proxy } }, {}],
  ],
  ['graphql', 'information that cannot be read', [{}, {}, { req: { headers } }, proxy]],
  ['ws', 'a client that cannot be read', [proxy, {}]],
  ['ws', 'a handshake that cannot be read', [createThrowingObject('handshake'), {}]],
  ['ws', 'a missing handshake', [{ handshake: undefined }, {}]],
  ['rpc', 'a context that cannot be read', [{}, proxy]],
  ['rpc', 'data that cannot be read', [proxy, {}]],
  ['rpc', 'metadata of gRPC that cannot be read', [{}, metadata, {}]],
  ['rpc', 'a message that cannot be read', [{}, { getMessage: throwError }]],
  ['rpc', 'headers that cannot be read', [{}, { getHeaders: () => proxy }]],
  ['rpc', 'a packet that cannot be read', [{}, { getPacket: () => ({ properties: proxy }) }]],
] as const)('N1: %s, %s: rejects the call and logs at most one line', async (type, _, args) => {
  const { app } = await startApp({}, { before: (each) => listen(each) });
  const context = new ExecutionContextHost([...args], Handlers, Handlers.prototype.handle);
  context.setType(type);
  const activate = async () => app.get(AccessTokenGuard).canActivate(context);
  const result = await activate().catch((error: unknown) => error);
  if (result !== false) {
    expect(result).toBeInstanceOf(Error);
    const { message, response, error } = result as Record<string, unknown>;
    expect(JSON.stringify([message, response, error])).not.toContain(exceptionText);
    expect(JSON.stringify([message, response, error])).toContain('could not be verified');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Handlers.handle');
  }
});

test.each(['http', 'graphql', 'ws', 'rpc'])(
  'N1: rejects the call if the verifier throws a proxy, in a context of %s',
  async (type) => {
    const verifyOptional = () => {
      throw proxy;
    };
    const verifier = { verifyOptional } as unknown as AccessTokenVerifier;
    const { app } = await startApp({}, { auth: { verifier }, before: (each) => listen(each) });
    const request = { headers };
    const args = {
      http: [request, {}],
      graphql: [{}, {}, { req: request }, {}],
      ws: [{ handshake: request }],
      rpc: [{}, {}],
    };
    const context = new ExecutionContextHost(args[type as 'http'], Handlers, Handlers.prototype.handle);
    context.setType(type);
    await expect((async () => app.get(AccessTokenGuard).canActivate(context))()).rejects.toThrow(
      'could not be verified',
    );
    expect(lines).toHaveLength(1);
  },
);

describe.each(adapters)('N1: %s', (adapter) => {
  test('responds with 503 if the replay store throws', async () => {
    let isHostile = true;
    const claim = async () => {
      if (isHostile) throwError();
      return true;
    };
    const origin = 'https://api.example.test';
    const { call, mint, server } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        auth: { dpop: { origin, replayStore: { claim } }, onEvent: () => {} },
        before: (app) => listen(app),
      },
    );
    const holder = await createHolder(mint);
    const ask = async () =>
      call('/me', undefined, {
        headers: await holder.prove({ htm: 'GET', htu: `${origin}/me`, now: server.clock.now() }),
      });
    const response = await ask();
    expect(response.status).toBe(503);
    expect(JSON.stringify(response.body)).not.toContain(exceptionText);
    isHostile = false;
    expect(await ask()).toMatchObject({ status: 200 });
  });

  test('responds with 403 if a handler denies access, even if its class also handles messages', async () => {
    const { call, mint } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        before: async (app) => {
          const options = { host: '127.0.0.1', port: await findFreePort() };
          app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
          await app.startAllMicroservices();
          listen(app);
        },
      },
    );
    expect(await call('/denied', await mint())).toMatchObject({
      status: 403,
      body: { statusCode: 403, message: 'Not on Sundays' },
    });
    expect(lines).toEqual([]);
  });
});
