import { createTestAuthorizationServer } from '@countersign/testing';
import { Controller, type DynamicModule, Get, type Type, UseGuards } from '@nestjs/common';
import { expect, test, vi } from 'vitest';
import * as first from '../../src/index.ts';
import { watchLogs } from '../support/fault-points.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';

// A second copy of this package and of core, as in an application that installs two versions.
vi.resetModules();
const second: typeof first = await import('../../src/index.ts');
const secondCore: typeof import('@countersign/core/resource-server') = await import(
  '@countersign/core/resource-server'
);

const { lines, listen } = watchLogs();

test('loads two copies of the package', () => {
  expect(second.AccessTokenGuard).not.toBe(first.AccessTokenGuard);
  expect(second.Principal).not.toBe(first.Principal);
});

/** A controller with the decorators of a copy. */
function createController(path: string, { Principal, Public }: typeof first, ...guards: Type[]): Type {
  @UseGuards(...guards)
  @Controller(path)
  class ItemsController {
    @Get()
    me(@Principal('sub') sub?: string) {
      return { sub: sub ?? 'anonymous' };
    }

    @Public()
    @Get('public')
    open(@Principal('sub') sub?: string) {
      return { sub: sub ?? 'anonymous' };
    }
  }
  return ItemsController;
}

function createModule({ AuthModule }: typeof first, options: object, controller: Type): DynamicModule {
  class FeatureModule {}
  const auth = AuthModule.forRoot({ ...(options as first.AuthModuleOptions), globalGuard: false });
  return { module: FeatureModule, imports: [auth], controllers: [controller] };
}

test.each(adapters)(
  'N2: responds with 500 if a decorator and the guard come from different copies, on %s',
  async (adapter) => {
    const { call, mint } = await startApp(
      { controllers: [createController('mixed', second)] },
      { adapter, before: (app) => listen(app) },
    );
    expect(await call('/mixed', await mint())).toMatchObject({ status: 500 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('one copy of @countersign/nest');
    expect(await call('/mixed')).toMatchObject({ status: 401 });
    // `@Public()` of one copy applies in both.
    expect(await call('/mixed/public')).toMatchObject({ status: 200, body: { sub: 'anonymous' } });
  },
);

test.each(adapters)('N2: separates the principals of guards of two copies, on %s', async (adapter) => {
  const [a, b] = await Promise.all(
    ['https://issuer-a.test', 'https://issuer-b.test'].map((issuer) =>
      createTestAuthorizationServer({ issuer, resources: [audience] }),
    ),
  );
  if (!a || !b) throw new Error('two issuers are needed');
  const createOptions = ({ issuer, fetch, clock }: typeof a) => ({ issuer, fetch, now: clock.now, audience });
  const { call } = await startApp(
    {
      imports: [
        createModule(first, createOptions(a), createController('a', first, first.AccessTokenGuard)),
        createModule(second, createOptions(b), createController('b', second, second.AccessTokenGuard)),
      ],
    },
    { adapter, auth: { globalGuard: false } },
  );
  const [tokenA, tokenB] = [await a.mintAccessToken(), await b.mintAccessToken({ sub: 'bob' })];
  for (let i = 0; i < 2; i++) {
    expect(await call('/a', tokenA)).toMatchObject({ status: 200, body: { sub: 'alice' } });
    expect(await call('/b', tokenB)).toMatchObject({ status: 200, body: { sub: 'bob' } });
    expect(await call('/a', tokenB)).toMatchObject({ status: 401 });
    expect(await call('/b', tokenA)).toMatchObject({ status: 401 });
  }
});

test.each(adapters)(
  'N2: accepts a verifier of another copy of core, and passes its principal, on %s',
  async (adapter) => {
    const server = await createTestAuthorizationServer({ resources: [audience] });
    const { issuer, fetch, clock } = server;
    const verifier = secondCore.createAccessTokenVerifier({ issuer, audience, fetch, now: clock.now });
    const { call } = await startApp(
      { controllers: [createController('items', first)] },
      { adapter, auth: { verifier } as never },
    );
    const token = await server.mintAccessToken();
    for (let i = 0; i < 2; i++) {
      expect(await call('/items', token)).toMatchObject({ status: 200, body: { sub: 'alice' } });
      expect(await call('/items', 'abc')).toMatchObject({
        status: 401,
        challenge: expect.stringContaining('invalid_token'),
      });
      expect(await call('/items')).toMatchObject({ status: 401, challenge: 'Bearer' });
    }
  },
);

test.each(adapters)(
  'N2: does not start a guard that would verify and authorize with different verifiers, on %s',
  async (adapter) => {
    const { issuer, fetch } = await createTestAuthorizationServer({ resources: [audience] });
    const verifier = secondCore.createAccessTokenVerifier({ issuer, audience, fetch });
    class FeatureModule {}
    const featureModule: DynamicModule = {
      module: FeatureModule,
      controllers: [createController('feature', first, first.AccessTokenGuard)],
      providers: [{ provide: first.ACCESS_TOKEN_VERIFIER, useValue: verifier }],
    };
    await expect(startApp({ imports: [featureModule] }, { adapter })).rejects.toThrow(
      'Import AuthModule.forRoot() in the module',
    );
  },
);
