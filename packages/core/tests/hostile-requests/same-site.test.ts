// @platforms node: the suite starts servers and Chromium.
import { afterEach, expect, test } from 'vitest';
import type { CookieSettings } from '../../src/session/index.ts';
import { appOrigin, embedderOrigin, type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

// The settings of `cookie.sameSite` in Chromium, with a provider on another site.

const provider = { issuer: 'https://login.provider.test', hasLoginPage: true };
const longTimeout = { timeout: 60_000 };
let hosts: SiblingHosts | undefined;
afterEach(() => hosts?.close());

const countLogins = ({ app }: SiblingHosts) =>
  app.events.filter(({ type }) => type === 'login.started').length;

for (const cookie of [
  {},
  { sameSite: 'strict' },
  { sameSite: 'none' },
  { sameSite: 'none', partitioned: true },
] satisfies CookieSettings[]) {
  test(`signs the user in with one login with ${JSON.stringify(cookie)}`, longTimeout, async () => {
    hosts = await startSiblingHosts({ cookie }, provider);
    const page = await (await hosts.browser.newContext()).newPage();
    await page.goto(`${appOrigin}/protected`);
    await page.waitForURL(`${appOrigin}/protected`);
    expect(await page.textContent('body')).toBe('alice');
    expect(countLogins(hosts)).toBe(1);
    // The next page needs no login.
    await page.goto(`${appOrigin}/protected`);
    expect(await page.textContent('body')).toBe('alice');
    expect(countLogins(hosts)).toBe(1);
  });
}

test(
  'keeps the session of an embedded application with SameSite=None and Partitioned',
  longTimeout,
  async () => {
    hosts = await startSiblingHosts({ cookie: { sameSite: 'none', partitioned: true } }, provider);
    const page = await (await hosts.browser.newContext()).newPage();
    await page.goto(embedderOrigin);
    await expect.poll(() => page.frames().at(1)?.url(), { timeout: 30_000 }).toBe(`${appOrigin}/protected`);
    await expect.poll(() => page.frames().at(1)?.textContent('body'), { timeout: 30_000 }).toBe('alice');
    expect(countLogins(hosts)).toBe(1);
    // The session belongs to the frame on this site: the application itself has none.
    await page.goto(appOrigin);
    expect(await page.textContent('body')).toBe('anonymous');
  },
);
