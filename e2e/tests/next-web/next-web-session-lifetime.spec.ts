import { createTestSession } from '@countersign/next/testing';
import { expect, test } from '@playwright/test';
import { createHttpLogins } from '../../support/http-logins.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// Session lifetime in the production build: one day without use, extended by use, at most one week.

let running: NextWebAtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

const day = 86_400;

/** Creates a session of this age that was not used since its creation. */
async function createAgedSession(seconds: number, options: { readonly absoluteLifetime?: number } = {}) {
  const began = running.op.clock.now() - seconds * 1000;
  const settings = { ...createHttpLogins(running).options(began), ...options };
  return (await createTestSession(settings, { user: { sub: 'alice' }, accessTokenLifetime: 30 * day }))
    .header;
}

test('use extends a session, and its previous cookie expires at its original time', async () => {
  const { open, readUser } = createHttpLogins(running);
  const unused = await createAgedSession(day - 7);
  const { headers, status } = await open().visit('/profile', { cookie: unused });
  expect(status).toBe(200);
  const used = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(used).toMatch(/^session=./);
  running.advance(8);
  expect(await readUser(unused)).toBeUndefined();
  expect(await readUser(used)).toBe('alice');
});

test('a session in use expires after its absolute lifetime', async () => {
  const { open, readUser } = createHttpLogins(running);
  const began = day / 2;
  const old = await createAgedSession(began, { absoluteLifetime: began + 7 });
  const { headers } = await open().visit('/profile', { cookie: old });
  const used = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(await readUser(used)).toBe('alice');
  running.advance(8);
  expect(await readUser(used)).toBeUndefined();
  expect((await open().visit('/profile', { cookie: used })).status).toBe(307);
});
