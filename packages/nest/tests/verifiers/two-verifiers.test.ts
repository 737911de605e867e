import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { AccessTokenGuard, BearerToken, Claims, OptionalAuth, Principal, Public } from '../../src/index.ts';
import { type Adapter, adapters, audience, startApp } from '../support/start/start-app.ts';
import { addRole, createIssuers, createModule, otherAudience } from '../support/tokens/two-issuers.ts';

class Routes {
  @Get()
  me(@Principal('roles') roles: string[], @Claims('sub') sub: string, @BearerToken() token: string) {
    return { roles, sub, token };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@Principal('roles') roles?: string[]) {
    return { roles: roles ?? 'anonymous' };
  }

  @Public()
  @Get('public')
  open(@Principal('roles') roles?: string[], @BearerToken() token?: string) {
    return { roles: roles ?? 'anonymous', token: token ?? 'none' };
  }
}

@Controller('a')
class ControllerA extends Routes {}

@UseGuards(AccessTokenGuard)
@Controller('a')
class GuardedControllerA extends Routes {}

@UseGuards(AccessTokenGuard)
@Controller('b')
class ControllerB extends Routes {}

describe.each(adapters)('N2: two modules on %s', (adapter: Adapter) => {
  test('accepts a token only at the guard of its issuer, if a global guard and a module use different issuers', async () => {
    const { a, b, optionsA, optionsB } = await createIssuers();
    const moduleB = createModule(addRole('b', optionsB), { controllers: [ControllerB] });
    const { call } = await startApp(
      { imports: [moduleB], controllers: [ControllerA] },
      { adapter, auth: addRole('a', optionsA) },
    );
    const [tokenA, tokenB] = [await a.mintAccessToken(), await b.mintAccessToken({ sub: 'bob' })];
    // Twice, because the second request uses the cached token.
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', tokenA)).toMatchObject({ status: 200, body: { roles: ['a'], sub: 'alice' } });
      expect(await call('/a', tokenB)).toMatchObject({ status: 401 });
      for (const path of ['/b', '/b/optional'])
        for (const token of [tokenA, tokenB]) expect(await call(path, token)).toMatchObject({ status: 401 });
      expect(await call('/b/optional')).toMatchObject({ status: 200, body: { roles: 'anonymous' } });
      for (const path of ['/a/public', '/b/public'])
        for (const token of [tokenA, tokenB])
          expect(await call(path, token)).toMatchObject({ body: { roles: 'anonymous', token: 'none' } });
    }
  });

  test('accepts the tokens of each issuer only at the routes of its module', async () => {
    const { a, b, optionsA, optionsB } = await createIssuers();
    const { call } = await startApp(
      {
        imports: [
          createModule(addRole('a', optionsA), { controllers: [GuardedControllerA] }),
          createModule(addRole('b', optionsB), { controllers: [ControllerB] }),
        ],
      },
      { adapter, auth: { globalGuard: false } },
    );
    const [tokenA, tokenB] = [await a.mintAccessToken(), await b.mintAccessToken({ sub: 'bob' })];
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', tokenA)).toMatchObject({ status: 200, body: { roles: ['a'], token: tokenA } });
      expect(await call('/b', tokenB)).toMatchObject({ status: 200, body: { roles: ['b'], token: tokenB } });
      for (const path of ['/a', '/a/optional'])
        expect(await call(path, tokenB)).toMatchObject({ status: 401 });
      for (const path of ['/b', '/b/optional'])
        expect(await call(path, tokenA)).toMatchObject({ status: 401 });
    }
  });

  test('passes the principal of the last guard if both guards accept a token', async () => {
    const { a, optionsA } = await createIssuers();
    const moduleB = createModule(addRole('b', { ...optionsA, audience: otherAudience }), {
      controllers: [ControllerB],
    });
    const { call } = await startApp(
      { imports: [moduleB], controllers: [ControllerA] },
      { adapter, auth: addRole('a', optionsA) },
    );
    const both = await a.mintAccessToken({ aud: [audience, otherAudience] });
    const one = await a.mintAccessToken({ aud: audience });
    for (let i = 0; i < 2; i++) {
      expect(await call('/a', both)).toMatchObject({ status: 200, body: { roles: ['a'] } });
      expect(await call('/b', both)).toMatchObject({ status: 200, body: { roles: ['b'] } });
      expect(await call('/b/optional', both)).toMatchObject({ status: 200, body: { roles: ['b'] } });
      expect(await call('/b', one)).toMatchObject({ status: 401 });
    }
  });

  test('serves the metadata of the module that configures it', async () => {
    const { optionsA, optionsB } = await createIssuers();
    const protectedResource = { resource: audience };
    for (const [first, second] of [
      [optionsA, { ...optionsB, protectedResource }],
      [{ ...optionsA, protectedResource }, optionsB],
      [
        { ...optionsA, protectedResource },
        { ...optionsB, protectedResource },
      ],
    ] as const) {
      const { call } = await startApp({ imports: [createModule(second, {})] }, { adapter, auth: first });
      expect(await call('/.well-known/oauth-protected-resource')).toMatchObject({
        status: 200,
        body: { resource: audience },
      });
    }
  });

  test('does not run a handler with a principal if no guard ran', async () => {
    @Controller('free')
    class FreeController {
      @Get()
      me(@Principal() principal: unknown) {
        return { principal };
      }

      @Get('anonymous')
      anonymous() {
        return { principal: 'none' };
      }
    }
    const { call, mint } = await startApp(
      { controllers: [FreeController] },
      { adapter, auth: { globalGuard: false } },
    );
    expect(await call('/free', await mint())).toMatchObject({
      status: 500,
      body: { message: 'Internal Server Error' },
    });
    expect(await call('/free/anonymous')).toMatchObject({ status: 200 });
  });
});
