import { clientSecretBasic, createClient, requestClientCredentials } from '@countersign/core';
import { Controller, Get } from '@nestjs/common';
import { base64url, decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { Principal, type VerifiedAccessToken } from '../../src/index.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  items(@Principal() { kind, sub }: VerifiedAccessToken) {
    return { kind, sub };
  }
}

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));

test.each(adapters)(
  'R4: on %s, responds to random tokens with 503 and Retry-After, and accepts a token that it has accepted before',
  async (adapter) => {
    const { server, call } = await startApp(
      { controllers: [ItemsController] },
      {
        adapter,
        auth: {
          introspection: {
            clientId: 'api',
            clientAuthentication: clientSecretBasic('api-secret'),
            maxAge: 10,
            unknownTokens: { perSecond: 1, burst: 3 },
          },
        },
        server: {
          accessTokenFormat: 'opaque',
          clients: [
            { clientId: 'job', clientSecret: 'job-secret' },
            { clientId: 'api', clientSecret: 'api-secret' },
          ],
        },
      },
    );
    server.clock.stop();
    const client = createClient({
      issuer: server.issuer,
      clientId: 'job',
      clientAuthentication: clientSecretBasic('job-secret'),
      fetch: server.fetch,
      now: server.clock.now,
    });
    const { accessToken } = await requestClientCredentials(client, { resource: audience });
    expect(await call('/items', accessToken)).toMatchObject({
      status: 200,
      body: { kind: 'client', sub: 'job' },
    });
    server.clock.advance(11);
    const flood = await Promise.all(Array.from({ length: 20 }, (_, i) => call('/items', `random-${i}`)));
    expect(flood.filter(({ status }) => status === 401)).toHaveLength(3);
    const limited = flood.filter(({ status }) => status === 503);
    expect(limited).toHaveLength(17);
    for (const { headers, challenge } of limited) {
      expect(headers.get('retry-after')).toBe('1');
      expect(challenge).toBeNull();
    }
    expect(await call('/items', accessToken)).toMatchObject({ status: 200 });
  },
);

test.each(adapters)('K2: on %s, responds to a token of a new key with 503, not 401', async (adapter) => {
  const { server, call, mint } = await startApp(
    { controllers: [ItemsController] },
    { adapter, server: { ownKeys: true } },
  );
  server.clock.stop();
  const good = await mint({ exp: 4e9 });
  expect(await call('/items', good)).toMatchObject({ status: 200, body: { kind: 'user', sub: 'alice' } });
  for (let kid = 0; kid < 20; kid++) {
    const header = encode({ alg: 'RS256', typ: 'at+jwt', kid: `forged-${kid}` });
    await call('/items', `${header}.${encode(decodeJwt(good))}.${'A'.repeat(342)}`);
  }
  await server.rotateKeys({ keepOld: true });
  const fresh = await mint({ exp: 4e9 });
  const early = await call('/items', fresh);
  expect(early).toMatchObject({ status: 503, challenge: null });
  expect(early.headers.get('retry-after')).toBe('10');
  expect(await call('/items', good)).toMatchObject({ status: 200 });
  server.clock.advance(10);
  expect(await call('/items', fresh)).toMatchObject({ status: 200 });
});
