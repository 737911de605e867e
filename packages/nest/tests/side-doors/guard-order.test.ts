import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Injectable,
  type PipeTransform,
  Post,
} from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { beforeEach, describe, expect, test } from 'vitest';
import { AccessTokenGuard, getPrincipalKey } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

/** Limits each user, and anonymous requests by their address. */
@Injectable()
class UserThrottlerGuard extends ThrottlerGuard {
  protected override async getTracker(request: { ip: string }) {
    return getPrincipalKey(request) ?? request.ip;
  }
}

let validated: unknown[] = [];
beforeEach(() => {
  validated = [];
});

@Injectable()
class ValidationPipe implements PipeTransform {
  transform(value: unknown) {
    validated.push(value);
    if ((value as { name?: unknown }).name === undefined) throw new BadRequestException('name is missing');
    return value;
  }
}

@Controller('items')
class ItemsController {
  @Get()
  list() {
    return [];
  }

  @Post()
  create(@Body() item: unknown) {
    return item;
  }
}

const limits = ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }]);

describe.each(adapters)('the order of guards on %s', (adapter) => {
  test('after the access token guard, a limit applies to each user, and rejected requests do not count', async () => {
    const { call, mint } = await startApp(
      {
        imports: [limits],
        controllers: [ItemsController],
        providers: [
          { provide: APP_GUARD, useExisting: AccessTokenGuard },
          { provide: APP_GUARD, useClass: UserThrottlerGuard },
        ],
      },
      { adapter, auth: { globalGuard: false } },
    );
    const [alice, bob] = [await mint({ sub: 'alice' }), await mint({ sub: 'bob' })];
    for (let i = 0; i < 3; i++) expect((await call('/items')).status).toBe(401);
    expect((await call('/items', alice)).status).toBe(200);
    expect((await call('/items', await mint({ sub: 'alice' }))).status).toBe(200);
    expect((await call('/items', alice)).status).toBe(429);
    expect((await call('/items', bob)).status).toBe(200);
    expect((await call('/items')).status).toBe(401);
  });

  test('before the access token guard, a limit applies to the address of every request, including rejected ones', async () => {
    const { call, mint } = await startApp(
      {
        imports: [limits],
        controllers: [ItemsController],
        providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
      },
      { adapter },
    );
    expect((await call('/items')).status).toBe(401);
    expect((await call('/items', 'a.b.c')).status).toBe(401);
    const limited = await call('/items', await mint());
    expect(limited.status).toBe(429);
    expect(limited.challenge).toBeNull();
  });

  test('pipes run after all guards: the response to a request without a token does not describe its body', async () => {
    const { call, mint } = await startApp(
      { controllers: [ItemsController], providers: [{ provide: APP_PIPE, useClass: ValidationPipe }] },
      { adapter },
    );
    const send = (token?: string) =>
      call('/items', token, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect((await send()).status).toBe(401);
    expect(validated).toEqual([]);
    expect((await send(await mint())).status).toBe(400);
    expect(validated).toEqual([{}]);
  });
});
