import 'reflect-metadata';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, expect, test } from 'vitest';
import { AuthModule, Principal, RequireScopes } from '../index.ts';
import { overrideAccessTokens, type TestPrincipal } from './index.ts';

@Controller()
class ItemsController {
  @RequireScopes('items:read')
  @Get('items')
  items(@Principal('sub') sub: string) {
    return { sub };
  }
}

let app: INestApplication;
afterEach(() => app.close());

async function get(principal?: TestPrincipal) {
  const builder = Test.createTestingModule({
    imports: [
      AuthModule.forRoot({ issuer: 'https://auth.example.test', audience: 'https://api.example.test' }),
    ],
    controllers: [ItemsController],
  });
  app = (await overrideAccessTokens(builder, principal).compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/items`);
  return { status: response.status, body: (await response.json()) as unknown };
}

test('authenticates every request as the principal, and checks its scopes', async () => {
  expect(await get({ sub: 'alice', scopes: ['items:read'] })).toEqual({
    status: 200,
    body: { sub: 'alice' },
  });
  await app.close();
  expect(await get({ sub: 'alice' })).toMatchObject({ status: 403 });
});

test('rejects every request without a principal', async () => {
  expect(await get()).toMatchObject({ status: 401 });
});
