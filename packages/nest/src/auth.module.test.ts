import { createTestAuthorizationServer } from '@countersign/testing';
import { Controller, Get, Injectable, type LoggerService, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, expectTypeOf, test } from 'vitest';
import { audience, startApp } from '../tests/support/start/start-app.ts';
import {
  type AccessTokenClaims,
  AuthModule,
  type AuthModuleOptions,
  Claims,
  Principal,
  profiles,
  RequireRoles,
  type VerifiedAccessToken,
} from './index.ts';

declare module '@countersign/core/resource-server' {
  interface AccessTokenClaims {
    readonly department?: string;
  }
}

@Controller('items')
class ItemsController {
  @Get()
  items(@Principal() { sub, issuer }: VerifiedAccessToken) {
    return { sub, issuer };
  }

  @RequireRoles('editor')
  @Get('edit')
  edit(@Claims('department') department: string | undefined) {
    return { department };
  }
}

const controllers = [ItemsController];

test('forRootAsync accepts a factory, a class and an existing provider', async () => {
  let options: AuthModuleOptions | undefined;
  @Injectable()
  class Options {
    createAuthOptions() {
      return options as AuthModuleOptions;
    }
  }
  @Module({ providers: [Options], exports: [Options] })
  class OptionsModule {}

  for (const asyncOptions of [
    { useFactory: () => options as AuthModuleOptions },
    { useFactory: async () => options as AuthModuleOptions },
    {
      imports: [OptionsModule],
      inject: [Options],
      useFactory: (factory: Options) => factory.createAuthOptions(),
    },
    { useClass: Options },
    { imports: [OptionsModule], useExisting: Options },
  ]) {
    const { call, mint } = await startApp(
      { controllers },
      {
        module: (moduleOptions) => {
          options = moduleOptions;
          return AuthModule.forRootAsync(asyncOptions);
        },
      },
    );
    expect(await call('/items')).toMatchObject({ status: 401 });
    expect(await call('/items', await mint())).toMatchObject({ status: 200 });
  }
});

test('A11: each issuer has separate keys, audiences, algorithms, profile and validation', async () => {
  const auth0 = await createTestAuthorizationServer({
    issuer: 'https://tenant.auth0.test/',
    resources: [audience],
    ownKeys: true,
  });
  const second = await createTestAuthorizationServer({ resources: ['urn:second'], ownKeys: true });
  const { call } = await startApp(
    { controllers },
    {
      auth: {
        issuer: undefined,
        audience: undefined,
        issuers: [
          {
            issuer: auth0.issuer,
            audience,
            profile: 'auth0',
            validate: ({ claims }: VerifiedAccessToken) => {
              if (claims.department === 'closed') throw new Error('department is closed');
            },
          },
          { issuer: second.issuer, audience: 'urn:second', algorithms: ['ES256'] },
        ],
        fetch: (url: string, init?: RequestInit) =>
          (url.startsWith(second.issuer) ? second : auth0).fetch(url, init),
      } as never,
    },
  );
  const plain = { header: { typ: 'JWT' } };
  expect(await call('/items', await auth0.mintAccessToken({}, plain))).toMatchObject({
    status: 200,
    body: { issuer: auth0.issuer },
  });
  expect(await call('/items', await second.mintAccessToken({}, { alg: 'ES256' }))).toMatchObject({
    status: 200,
    body: { issuer: second.issuer },
  });
  for (const [token, message] of [
    [await auth0.mintAccessToken({ department: 'closed' }, plain), 'does not meet the requirements'],
    [await auth0.mintAccessToken({ aud: 'urn:second' }), 'another audience'],
    [await auth0.mintAccessToken({ iss: second.issuer, aud: 'urn:second' }, { alg: 'ES256' }), 'signature'],
    [await second.mintAccessToken({}, { alg: 'ES256', ...plain }), 'not an access token'],
    [await second.mintAccessToken(), 'algorithm'],
    [await second.mintAccessToken({ iss: 'https://evil.example.test' }, { alg: 'ES256' }), 'issuer'],
  ] as const)
    expect(await call('/items', token), message).toMatchObject({
      status: 401,
      challenge: expect.stringContaining(message),
    });
});

test('a custom profile reads roles, and custom claims are typed', async () => {
  const roles = (claims: AccessTokenClaims) => claims['https://example.test/roles'];
  const { call, mint } = await startApp(
    { controllers },
    { auth: { profile: { ...profiles.rfc9068, roles } } as never },
  );
  const claims = { 'https://example.test/roles': ['editor'], department: 'books' };
  expect(await call('/items/edit', await mint(claims))).toMatchObject({
    status: 200,
    body: { department: 'books' },
  });
  expect(await call('/items/edit', await mint({ roles: ['editor'] }))).toMatchObject({ status: 403 });
  expectTypeOf<AccessTokenClaims['department']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<VerifiedAccessToken['claims']['department']>().toEqualTypeOf<string | undefined>();
});

test('does not start with a missing or invalid option', async () => {
  for (const options of [
    { issuer: 'https://auth.example.test' },
    { issuer: 'http://auth.example.test', audience },
  ])
    await expect(
      Test.createTestingModule({ imports: [AuthModule.forRoot(options as AuthModuleOptions)] }).compile(),
    ).rejects.toMatchObject({ name: 'ConfigurationError' });
});

test('C7: logs why tokens are rejected and keys are unavailable, without any token', async () => {
  const lines: string[] = [];
  const write = (...parts: unknown[]) => void lines.push(parts.join(' '));
  const logger: LoggerService = { log: write, error: write, warn: write, debug: write, verbose: write };
  const { call, mint, server } = await startApp({ controllers }, { before: (app) => app.useLogger(logger) });
  lines.length = 0;
  const tokens = [await mint({}, { foreignKey: true }), await mint({ exp: 1 }), 'c2VjcmV0LXBhcnQtb2YtYQ'];
  for (const token of tokens) expect(await call('/items', token)).toMatchObject({ status: 401 });
  server.fail('jwks', { status: 500 });
  server.clock.advance(100_000);
  const afterOutage = await mint();
  expect(await call('/items', afterOutage)).toMatchObject({ status: 503 });
  const log = lines.join('\n');
  expect(log).toContain('Rejected an access token: invalid_token (signature)');
  expect(log).toContain(`Cannot fetch the keys of ${server.issuer}: server_error`);
  for (const token of [...tokens, afterOutage])
    for (const part of token.split('.')) expect(log).not.toContain(part.slice(-20));
});
