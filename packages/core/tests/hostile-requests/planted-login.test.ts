// @platforms node: the suite starts servers and Chromium.
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CookieSettings } from '../../src/session/index.ts';
import { appOrigin, hostileOrigin, type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

// A sibling host plants the cookies of a login that it has started, and completes it in the browser of the user.

const timeout = 60_000;
const settings: readonly CookieSettings[] = [
  {},
  { domain: 'example.test' },
  { path: '/auth' },
  { domain: '.example.test', path: '/auth', name: 'shop' },
  { domain: 'example.test', sameSite: 'strict' },
  { domain: 'example.test', sameSite: 'none', partitioned: true },
];

/** Attributes with which the hostile host sets a cookie. */
const scopes = [
  'Domain=example.test; Path=/; Secure',
  'Domain=example.test; Path=/auth; Secure',
  'Domain=example.test; Path=/auth/callback; Secure; SameSite=None; Partitioned',
];

describe.each(settings.map((cookie) => [JSON.stringify(cookie), cookie] as const))(
  'S85: with the cookie settings %s',
  (_, cookie) => {
    let hosts: SiblingHosts;
    let page: Page;
    beforeAll(async () => {
      hosts = await startSiblingHosts({ cookie });
      page = await (await hosts.browser.newContext()).newPage();
    }, timeout);
    afterAll(() => hosts?.close());
    beforeEach(async () => {
      hosts.app.server.signIn('alice');
      await page.context().clearCookies();
    });

    const readUser = async () => {
      const response = await page.goto(`${appOrigin}/auth/session`);
      const body = (await response?.json()) as { session: { user: { sub: string } } | null } | undefined;
      return body?.session?.user.sub;
    };

    test('does not sign the user in with a login that a sibling host has planted', {
      timeout,
    }, async () => {
      const attacker = hosts.app.open();
      hosts.app.server.signIn('mallory');
      const started = await attacker.visit('/auth/login');
      const { url } = await hosts.app.server.authorize(started.headers.get('location') ?? '');
      const names = [...attacker.cookies].flatMap(([name, value]) => {
        const bare = name.replace(/^__(Host|Secure)-/, '');
        return [name, `__Secure-${bare}`, `__Host-${bare}`, bare].map((each) => `${each}=${value}`);
      });
      for (const scope of scopes) {
        hosts.hostileCookies = [...new Set(names)].map((pair) => `${pair}; ${scope}`);
        await page.goto(hostileOrigin);
        await page.goto(url.href);
        expect(await readUser()).toBeUndefined();
      }
      expect(hosts.app.server.requestsTo('token')).toHaveLength(0);
    });

    test('signs the user in at the host of the application', { timeout }, async () => {
      await page.goto(`${appOrigin}/auth/login`);
      // With `SameSite=Strict`, the page of the callback starts one more navigation.
      await page.waitForURL(`${appOrigin}/`);
      expect(await readUser()).toBe('alice');
    });
  },
);

test('signs the user in with a login that starts at another host of cookie.domain', {
  timeout,
}, async () => {
  const hosts = await startSiblingHosts({ cookie: { domain: 'example.test' } });
  try {
    const page = await (await hosts.browser.newContext()).newPage();
    await page.goto('https://www.example.test/auth/login?returnTo=/welcome');
    expect(page.url()).toBe(`${appOrigin}/welcome`);
    expect(await page.textContent('body')).toBe('alice');
    // The session is shared with the other host.
    await page.goto('https://www.example.test/');
    expect(await page.textContent('body')).toBe('alice');
  } finally {
    await hosts.close();
  }
});
