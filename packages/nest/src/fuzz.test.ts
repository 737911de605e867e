import { request } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Principal } from './index.ts';
import { adapters, startApp } from './test-support/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  items(@Principal('sub') sub: string) {
    return { sub };
  }
}

test.each(adapters)('A9: whatever the header, %s never answers 500', { timeout: 60_000 }, async (adapter) => {
  const { url, mint } = await startApp(
    { controllers: [ItemsController] },
    { adapter, auth: { dpop: { origin: 'https://api.example.test' }, mtls: true } },
  );
  const { hostname, port } = new URL(url);
  const good = await mint();
  // Every character that HTTP lets through in a header.
  const text = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((c) => c !== 0x7f)
      .map((c) => String.fromCharCode(c)),
  });
  const base64 = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
  const token = fc.oneof(
    text,
    fc.tuple(base64, base64, base64).map((parts) => parts.join('.')),
    fc.tuple(fc.nat(good.length), text).map(([at, rest]) => good.slice(0, at) + rest),
  );
  const authorization = fc.oneof(
    text,
    fc
      .tuple(fc.constantFrom('Bearer ', 'bearer ', 'DPoP ', 'Bearer', 'Basic '), token)
      .map((pair) => pair.join('')),
  );
  const call = (headers: Record<string, string>, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request({ hostname, port, path, headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
  await fc.assert(
    fc.asyncProperty(authorization, token, fc.webQueryParameters(), async (header, dpop, query) => {
      const status = await call({ authorization: header, dpop }, `/items?${query}`);
      expect([400, 401]).toContain(status);
    }),
    { numRuns: 300 },
  );
  expect(await call({ authorization: `Bearer ${good}` }, '/items')).toBe(200);
});
