import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest } from 'next/server.js';
import { describe, expect, test } from 'vitest';
import { baseUrl, setUpLogin, toCookieHeader } from '../../tests/support/app.ts';

// A prefetch does not count as a use of the session. Next removes the headers of its App Router before a proxy runs, unless
// `skipProxyUrlNormalize` is set; the other headers always arrive.

const protect = ['/dashboard'];
const prefetches: readonly Record<string, string>[] = [
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender' },
  { purpose: 'prefetch' },
  { purpose: 'prefetch', 'x-middleware-prefetch': '1', 'x-nextjs-data': '1' },
  { 'x-moz': 'prefetch' },
  { 'next-router-prefetch': '1', rsc: '1' },
  { 'next-router-segment-prefetch': '/_tree', rsc: '1' },
];
const uses: readonly Record<string, string>[] = [
  {},
  { rsc: '1', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  { 'sec-fetch-mode': 'navigate' },
];

describe.each(['cookie', 'stored'])('%s sessions', (kind) => {
  async function start(idleLifetime: number) {
    const store = kind === 'stored' ? { store: createMemorySessionStore() } : {};
    const { server, auth, ...login } = await setUpLogin({ idleLifetime, absoluteLifetime: 86_400, ...store });
    let { cookie } = login;
    const visit = async (headers: Record<string, string>) => {
      const request = new NextRequest(`${baseUrl}/dashboard`, { headers: { cookie, ...headers } });
      const response = await auth.proxy(request, { protect });
      cookie = toCookieHeader(response) || cookie;
      return response.status;
    };
    return { server, visit };
  }

  test.each(prefetches)('S3: a prefetch with %o does not extend the idle lifetime', async (headers) => {
    const { server, visit } = await start(100);
    for (let at = 0; at < 2; at++) {
      server.clock.advance(45);
      expect(await visit(headers)).toBe(200);
    }
    server.clock.advance(15);
    expect(await visit({})).toBe(307);
  });

  test.each(uses)('a request with %o extends the idle lifetime', async (headers) => {
    const { server, visit } = await start(100);
    for (let at = 0; at < 4; at++) {
      server.clock.advance(45);
      expect(await visit(headers)).toBe(200);
    }
  });

  test('S3: a refresh by a prefetch is stored, and does not extend the idle lifetime', async () => {
    const { server, visit } = await start(5_000);
    server.clock.advance(3_590);
    expect(await visit({ purpose: 'prefetch' })).toBe(200);
    expect(server.requestsTo('token')).toHaveLength(2);
    expect(await visit({ purpose: 'prefetch' })).toBe(200);
    expect(server.requestsTo('token')).toHaveLength(2);
    server.clock.advance(1_420);
    expect(await visit({})).toBe(307);
  });
});
