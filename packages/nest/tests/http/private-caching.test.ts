import { Controller, Get, Header, Post, Sse } from '@nestjs/common';
import { of } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { OptionalAuth, Principal, Public, RequireScopes } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

// Caches such as nginx store every response with a configured status, even one to a request with `Authorization`.

@Controller('items')
class ItemsController {
  @Get()
  list(@Principal('sub') sub: string) {
    return { sub };
  }

  @Post()
  create(@Principal('sub') sub: string) {
    return { sub };
  }

  @RequireScopes('items:admin')
  @Get('admin')
  admin() {
    return {};
  }

  @OptionalAuth()
  @Get('optional')
  optional(@Principal('sub') sub?: string) {
    return { sub: sub ?? null };
  }

  @Get('failing')
  fail() {
    throw new Error('The handler fails.');
  }

  @Header('Cache-Control', 'public, max-age=60')
  @Get('shared')
  shared() {
    return {};
  }

  @Sse('events')
  events() {
    return of({ data: 'x' });
  }

  @Public()
  @Get('public')
  open() {
    return {};
  }
}

describe.each(adapters)('N25: responses on %s', (adapter) => {
  const start = (vary?: string | string[]) =>
    startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        before: (app) => {
          app.enableCors();
          if (vary === undefined) return;
          app.use(
            (_: unknown, response: { setHeader(name: string, value: unknown): void }, next: () => void) => {
              response.setHeader('Vary', vary);
              next();
            },
          );
        },
      },
    );
  const readCaching = ({
    status,
    headers,
  }: Awaited<ReturnType<Awaited<ReturnType<typeof start>>['call']>>) => [
    status,
    headers.get('cache-control'),
    headers.get('vary'),
  ];

  test('responses of guarded handlers and rejections are private and vary by Authorization', async () => {
    const { call, mint } = await start();
    const token = await mint({ scope: 'items:read' });
    const expired = await mint({ exp: 1 });
    const isPrivate = (status: number) => [status, 'private', expect.stringMatching(/\bAuthorization\b/)];
    expect(readCaching(await call('/items', token))).toEqual(isPrivate(200));
    // The guard decides the second request synchronously.
    expect(readCaching(await call('/items', token))).toEqual(isPrivate(200));
    expect(readCaching(await call('/items', token, { method: 'POST' }))).toEqual(isPrivate(201));
    expect(readCaching(await call('/items'))).toEqual(isPrivate(401));
    expect(readCaching(await call('/items', expired))).toEqual(isPrivate(401));
    expect(readCaching(await call('/items', 'x y'))).toEqual(isPrivate(400));
    expect(readCaching(await call('/items/admin', token))).toEqual(isPrivate(403));
    expect(readCaching(await call('/items/optional', token))).toEqual(isPrivate(200));
    expect(readCaching(await call('/items/optional'))).toEqual(isPrivate(200));
    expect(readCaching(await call('/items/failing', token))).toEqual(isPrivate(500));
  });

  test('a response of a public handler keeps its Cache-Control header', async () => {
    const { call } = await start();
    expect((await call('/items/public')).headers.get('cache-control')).toBeNull();
  });

  test('keeps the headers that the application has set', async () => {
    const { call, mint, url } = await start();
    const token = await mint();
    expect((await call('/items/shared', token)).headers.get('cache-control')).toBe('public, max-age=60');
    // Nest sets the header of an event stream.
    const events = await fetch(`${url}/items/events`, { headers: { authorization: `Bearer ${token}` } });
    expect(events.headers.get('cache-control')).toMatch(/^private, no-cache/);
    await events.body?.cancel();
  });

  test('adds Authorization to an existing Vary header once', async () => {
    for (const [before, after] of [
      ['Origin', 'Origin, Authorization'],
      ['Accept, authorization', 'Accept, authorization'],
      ['*', '*'],
      ['Authorization-Info', 'Authorization-Info, Authorization'],
    ] as const) {
      const { call, mint } = await start(before);
      expect((await call('/items', await mint())).headers.get('vary'), before).toBe(after);
    }
  });
});
