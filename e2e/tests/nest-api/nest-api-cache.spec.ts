import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { startNestApi } from '../../support/servers/apps/nest-api.ts';
import { startNginxCache } from '../../support/servers/proxies/nginx-cache.ts';

const audience = 'https://api.countersign.example';

test('N25: a shared cache in front of the API returns no response of one user to another', async () => {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const { issuer, close } = await server.listen();
  const api = await startNestApi({ ISSUER: issuer, AUDIENCE: audience });
  const cache = await startNginxCache({
    port: await findFreePort(),
    upstream: api.url,
    statuses: '200 401 403 404',
  });
  try {
    const tokens = {
      alice: await server.mintAccessToken({ sub: 'alice', scope: 'items:read' }),
      bob: await server.mintAccessToken({ sub: 'bob', scope: 'items:read' }),
      expired: await server.mintAccessToken({ sub: 'alice', scope: 'items:read', exp: 1 }),
      none: undefined,
    };
    const request = async (path: string, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(cache.origin + path, { headers });
      return {
        status: response.status,
        text: await response.text(),
        cache: response.headers.get('x-cache'),
      };
    };
    // Each visitor is the first one at one URL. Each repeats the request.
    const visitors = Object.keys(tokens) as (keyof typeof tokens)[];
    for (const first of visitors) {
      for (const visitor of [first, ...visitors, ...visitors]) {
        const { status, text, cache: hit } = await request(`/me?first=${first}`, tokens[visitor]);
        const isUser = visitor === 'alice' || visitor === 'bob';
        expect([status, hit], `${visitor} after ${first}`).toEqual([isUser ? 200 : 401, 'MISS']);
        if (isUser) expect(text).toContain(`"sub":"${visitor}"`);
      }
    }
    // The cache works: it stores the response of a public handler.
    await request('/health');
    expect(await request('/health')).toMatchObject({ status: 200, cache: 'HIT' });
  } finally {
    await cache.stop();
    await api.stop();
    await close();
  }
});
