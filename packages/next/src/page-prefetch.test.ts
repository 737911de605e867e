import { createMemorySessionStore } from '@countersign/core/session';
import { describe, expect, test } from 'vitest';
import { setUpLogin } from '../tests/support/app.ts';
import { runInNext } from '../tests/support/run-in-next.ts';

// A page that the proxy does not cover, with a session in a store. Its rendering counts as a use of the session. A
// prefetch does not.

const prefetches: readonly (readonly [string, Parameters<typeof runInNext>[0]])[] = [
  ['Sec-Purpose', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
  ['Purpose', { headers: { purpose: 'prefetch' } }],
  ['X-Moz', { headers: { 'x-moz': 'prefetch' } }],
  ["the record of Next, which has removed its router's header", { isPrefetch: true }],
];

async function start() {
  const { server, auth, cookie } = await setUpLogin({
    idleLifetime: 100,
    absoluteLifetime: 86_400,
    store: createMemorySessionStore(),
  });
  const render = (options: Parameters<typeof runInNext>[0]) =>
    runInNext({ ...options, cookie }, () => auth.getSession());
  return { server, render };
}

describe('the idle lifetime', () => {
  test.each(prefetches)('S3: is not extended by a prefetch with %s', async (_, options) => {
    const { server, render } = await start();
    for (let at = 0; at < 2; at++) {
      server.clock.advance(45);
      expect((await render(options)).result?.user.sub).toBe('alice');
    }
    server.clock.advance(15);
    expect((await render({})).result).toBeUndefined();
  });

  test('is extended by a page that the user opens', async () => {
    const { server, render } = await start();
    for (let at = 0; at < 4; at++) {
      server.clock.advance(45);
      expect((await render({})).result?.user.sub).toBe('alice');
    }
  });
});
