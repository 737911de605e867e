import 'reflect-metadata';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { AuthModule, Policy, Principal, RequireRoles, RequireScopes } from '../index.ts';
import { createTestVerifier, overrideAuth, type TestPrincipal } from './index.ts';

@Controller()
class ItemsController {
  @RequireScopes('items:read')
  @Get('items')
  items(@Principal('sub') sub: string) {
    return { sub };
  }
}

let app: INestApplication | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await app?.close();
});

async function get(principal?: TestPrincipal) {
  const builder = Test.createTestingModule({
    imports: [
      AuthModule.forRoot({ issuer: 'https://auth.example.test', audience: 'https://api.example.test' }),
    ],
    controllers: [ItemsController],
  });
  app = (await overrideAuth(builder).as(principal).compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/items`);
  return { status: response.status, body: (await response.json()) as unknown };
}

test('authenticates every request as the principal, and checks its scopes', async () => {
  expect(await get({ sub: 'alice', scopes: ['items:read'] })).toEqual({
    status: 200,
    body: { sub: 'alice' },
  });
  await app?.close();
  expect(await get({ sub: 'alice' })).toMatchObject({ status: 403 });
});

test('rejects every request without a principal', async () => {
  expect(await get()).toMatchObject({ status: 401 });
});

test('changes the principal while the application runs, and checks roles and policies', async () => {
  @Controller()
  class OrdersController {
    @RequireRoles('editor')
    @Policy(({ claims }) => claims.tenant === 'acme')
    @Get('orders')
    orders(@Principal('sub') sub: string) {
      return { sub };
    }
  }
  const builder = Test.createTestingModule({
    imports: [
      AuthModule.forRoot({ issuer: 'https://auth.example.test', audience: 'https://api.example.test' }),
    ],
    controllers: [OrdersController],
  });
  const auth = overrideAuth(builder);
  const started = (await auth.as().compile()).createNestApplication({ logger: false });
  app = started;
  await started.listen(0, '127.0.0.1');
  const status = async () => (await fetch(`${await started.getUrl()}/orders`)).status;
  expect(await status()).toBe(401);
  auth.as({ sub: 'alice', roles: ['editor'], claims: { tenant: 'acme' } });
  expect(await status()).toBe(200);
  auth.as({ sub: 'alice', roles: ['editor'], claims: { tenant: 'other' } });
  expect(await status()).toBe(403);
  auth.as({ sub: 'alice', claims: { tenant: 'acme' } });
  expect(await status()).toBe(403);
  auth.as();
  expect(await status()).toBe(401);
});

test('does not run in production', () => {
  vi.stubEnv('NODE_ENV', 'production');
  const error = expect.objectContaining({ code: 'wrong_context' });
  expect(() => createTestVerifier({ sub: 'alice' })).toThrow(error);
  expect(() => overrideAuth(Test.createTestingModule({}))).toThrow(error);
});
