import { type APIRequestContext, expect, test } from '@playwright/test';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/apps/next-sessions.ts';
import { startRoundRobin } from '../../support/servers/proxies/forwarding-proxy.ts';

// Several applications on one host, and several processes of one application while its secret is replaced.

const closing: (() => unknown)[] = [];
test.afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: Parameters<typeof startNextSessions>[0]): Promise<NextSessions> {
  const app = await startNextSessions(options);
  closing.push(app.stop);
  return app;
}

const oldSecret = 'the-old-secret-with-more-than-thirty-two-characters';
const newSecret = 'the-new-secret-with-more-than-thirty-two-characters';

async function beginLogin(browser: APIRequestContext, origin: string, returnTo: string): Promise<string> {
  const response = await browser.get(`${origin}/auth/login?returnTo=${returnTo}`, { maxRedirects: 0 });
  expect(response.status()).toBe(303);
  return response.headers().location ?? '';
}

async function finishLogin(browser: APIRequestContext, { op }: NextSessions, location: string) {
  const { url } = await op.authorize(location);
  const response = await browser.get(url.href, { maxRedirects: 0 });
  return { status: response.status(), location: response.headers().location };
}

async function readUser(browser: APIRequestContext, origin: string): Promise<string | undefined> {
  const { session } = await (await browser.get(`${origin}/auth/session`)).json();
  return session?.user.sub;
}

test('two applications on one host complete interleaved logins', async ({ playwright }) => {
  test.setTimeout(300_000);
  const a = await start({ environment: { COOKIE_NAME: 'shop', AUTH_SECRET: oldSecret } });
  const b = await start({ environment: { COOKIE_NAME: 'admin', AUTH_SECRET: newSecret } });
  b.op.signIn('bob');
  const browser = await playwright.request.newContext();
  const atA = await beginLogin(browser, a.origin, '/items?zone=a');
  const atB: string[] = [];
  for (let count = 0; count < 8; count++)
    atB.push(await beginLogin(browser, b.origin, `/items?zone=b${count}`));
  expect(await finishLogin(browser, a, atA)).toEqual({ status: 303, location: '/items?zone=a' });
  expect(await finishLogin(browser, b, atB.at(-1) ?? '')).toEqual({
    status: 303,
    location: '/items?zone=b7',
  });
  expect([await readUser(browser, a.origin), await readUser(browser, b.origin)]).toEqual(['alice', 'bob']);
  await browser.post(`${a.origin}/auth/logout`, { headers: { origin: a.origin }, maxRedirects: 0 });
  expect([await readUser(browser, a.origin), await readUser(browser, b.origin)]).toEqual([undefined, 'bob']);
  await browser.dispose();
});

test("two processes accept each other's logins while the secret is replaced", async ({ playwright }) => {
  test.setTimeout(300_000);
  for (const [first, second] of [
    [oldSecret, `${oldSecret},${newSecret}`],
    [`${oldSecret},${newSecret}`, `${newSecret},${oldSecret}`],
    [`${newSecret},${oldSecret}`, newSecret],
  ] as const) {
    const [port, ...ports] = [await findFreePort(), await findFreePort(), await findFreePort()];
    const publicOrigin = `http://localhost:${port}`;
    const one = await start({ publicOrigin, port: ports[0] ?? 0, environment: { AUTH_SECRET: first } });
    await start({ publicOrigin, port: ports[1] ?? 0, op: one.op, environment: { AUTH_SECRET: second } });
    const proxy = await startRoundRobin(port, ports);
    closing.push(() => proxy.close());
    for (let count = 0; count < 2; count++) {
      const browser = await playwright.request.newContext();
      const location = await beginLogin(browser, publicOrigin, '/items');
      expect(await finishLogin(browser, one, location)).toEqual({ status: 303, location: '/items' });
      // The requests alternate between the processes. After the third one, the next login starts at the other process.
      for (let read = 0; read < 3; read++) expect(await readUser(browser, publicOrigin)).toBe('alice');
      await browser.dispose();
    }
    expect(Math.min(...proxy.counts)).toBeGreaterThan(4);
  }
});
