import { Controller, Get } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import { accessTokenCors } from '../index.ts';

@Controller('items')
class ItemsController {
  @Get()
  items() {
    return {};
  }
}

const origin = 'https://app.example.test';

describe.each(adapters)('accessTokenCors() on %s', (adapter) => {
  const start = (more: { allowedHeaders?: string[] } = {}) =>
    startApp(
      { controllers: [ItemsController] },
      { adapter, before: (app) => app.enableCors(accessTokenCors({ origin, ...more })) },
    );
  const preflight = { origin, 'access-control-request-method': 'GET' };

  test('allows a preflight without a token', async () => {
    const { call } = await start();
    const { status, headers } = await call('/items', undefined, {
      method: 'OPTIONS',
      headers: { ...preflight, 'access-control-request-headers': 'authorization,dpop' },
    });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-headers')).toBe('authorization,dpop');
  });

  test('adds the headers of a credential to those of the application', async () => {
    const { call } = await start({ allowedHeaders: ['content-type', 'Authorization'] });
    const { headers } = await call('/items', undefined, { method: 'OPTIONS', headers: preflight });
    const allowed = headers.get('access-control-allow-headers') ?? '';
    expect(allowed.split(/, */)).toEqual(['content-type', 'Authorization', 'dpop']);
  });

  test('allows a page to read a rejection and its challenge', async () => {
    const { call } = await start();
    const { status, headers } = await call('/items', undefined, { headers: { origin } });
    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    const exposed = headers.get('access-control-expose-headers') ?? '';
    expect(exposed.split(/, */)).toEqual(['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']);
  });
});

test('accepts options without headers, as in the README', () => {
  const options: { origin: string; exposedHeaders: string[] } = accessTokenCors({
    origin: 'https://app.example.com',
  });
  expect(options.origin).toBe('https://app.example.com');
});
