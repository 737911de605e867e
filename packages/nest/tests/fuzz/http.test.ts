import { request } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Principal } from '../../src/index.ts';
import { anyAuthorization, anyToken, fuzz } from '../support/fuzz.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  items(@Principal('sub') sub: string) {
    return { sub };
  }
}

test.each(adapters)(
  'A9: %s responds to any header with 400 or 401, never 500',
  { timeout: 60_000 },
  async (adapter) => {
    const { url, mint } = await startApp(
      { controllers: [ItemsController] },
      { adapter, auth: { dpop: { origin: 'https://api.example.test' }, mtls: true } },
    );
    const { hostname, port } = new URL(url);
    const good = await mint();
    const call = (headers: Record<string, string>, path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ hostname, port, path, headers }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
    const input = fc.record({
      authorization: anyAuthorization(good),
      dpop: anyToken(good),
      query: fc.webQueryParameters(),
    });
    await fuzz(
      input,
      async ({ query, ...headers }) => {
        expect([400, 401]).toContain(await call(headers, `/items?${query}`));
      },
      300,
    );
    expect(await call({ authorization: `Bearer ${good}` }, '/items')).toBe(200);
  },
);
