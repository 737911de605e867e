import {
  type AccessTokenVerifier,
  createAccessTokenVerifier,
  TransportError,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { Controller, Get, Inject, Logger } from '@nestjs/common';
import { beforeEach, describe, expect, test } from 'vitest';
import { ACCESS_TOKEN_VERIFIER, EntityAccess, Policy, Principal } from '../../src/index.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';

beforeEach(() => Logger.overrideLogger(false));

/** What an application may calculate, and the header. The guard's default is 5 seconds. */
const delays: readonly (readonly [unknown, string])[] = [
  [undefined, '5'],
  [null, '5'],
  [30, '30'],
  [0, '0'],
  [1.5, '2'],
  [0.2, '1'],
  [-5, '0'],
  [1e21, '86400'],
  [Number.NaN, '5'],
  [Number.POSITIVE_INFINITY, '5'],
  [Number.NEGATIVE_INFINITY, '5'],
  [new Date(), '5'],
  ['30', '5'],
  ['1\r\nx-planted: 1', '5'],
  [[30], '5'],
];
let delay: unknown;

const createOutage = () => new TransportError('server_error', 'busy', { retryAfter: delay as number });

/** An error of another copy of core, whose constructor does not check the value. */
const createForeignOutage = () =>
  Object.defineProperty(new TransportError('server_error', 'busy'), 'retryAfter', {
    value: delay,
    enumerable: true,
  });

const fail = (create: () => Error) => () => {
  throw create();
};

@Controller()
class ItemsController {
  readonly #access: EntityAccess;
  readonly #verifier: AccessTokenVerifier;

  constructor(
    @Inject(EntityAccess) access: EntityAccess,
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
  ) {
    this.#access = access;
    this.#verifier = verifier;
  }

  @Policy(fail(createOutage))
  @Get('policy')
  policy() {}

  @Policy(fail(createForeignOutage))
  @Get('foreign-policy')
  foreignPolicy() {}

  @Get('entity')
  async entity(@Principal() principal: VerifiedAccessToken) {
    await this.#access.require(fail(createOutage), { principal, entity: {} });
  }

  @Get('foreign-entity')
  async foreignEntity(@Principal() principal: VerifiedAccessToken) {
    await this.#access.require(fail(createForeignOutage), { principal, entity: {} });
  }

  @Get('injected')
  async injected() {
    await this.#verifier.verifyToken('outage');
  }

  @Get('guard')
  guard() {}
}

describe.each(adapters)('Retry-After is valid on %s', (adapter) => {
  test('for an outage that a policy or the verifier of the application reports', async () => {
    const { call, mint } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        auth: { validate: ({ claims }) => void (claims.busy === true && fail(createOutage)()) },
      },
    );
    const token = await mint();
    const busyToken = await mint({ busy: true });
    for (const [value, header] of delays) {
      delay = value;
      for (const path of ['policy', 'foreign-policy', 'entity', 'foreign-entity', 'guard']) {
        const { status, headers } = await call(`/${path}`, path === 'guard' ? busyToken : token);
        expect([path, value, status, headers.get('retry-after')]).toEqual([path, value, 503, header]);
        expect(headers.has('x-planted')).toBe(false);
      }
    }
  });

  test('for an outage of a verifier of another copy of core', async () => {
    const { server } = await startApp({});
    const { issuer, fetch, clock } = server;
    const verifier = createAccessTokenVerifier({ issuer, audience, fetch, now: clock.now });
    const outageVerifier: AccessTokenVerifier = Object.assign(
      Object.create(verifier) as AccessTokenVerifier,
      {
        findCachedRequest: undefined,
        async verifyOptional(request) {
          if (JSON.stringify(request.headers).includes('outage')) throw createForeignOutage();
          return verifier.verifyOptional(request);
        },
        async verifyToken() {
          throw createForeignOutage();
        },
      } satisfies { [Name in keyof AccessTokenVerifier]?: AccessTokenVerifier[Name] | undefined },
    );
    const { call } = await startApp(
      { controllers: [ItemsController] },
      { adapter, auth: { verifier: outageVerifier, issuer: undefined, audience: undefined } as never },
    );
    const token = await server.mintAccessToken();
    for (const [value, header] of delays) {
      delay = value;
      expect((await call('/guard', 'outage')).headers.get('retry-after')).toBe(header);
      expect((await call('/injected', token)).headers.get('retry-after')).toBe(header);
    }
    expect((await call('/guard')).status).toBe(401);
  });
});
