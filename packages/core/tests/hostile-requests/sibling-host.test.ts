// @platforms node: the suite starts servers and Chromium.
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appOrigin, hostileOrigin, type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

const timeout = 60_000;
const name = '__Host-session';

/** Attributes that set a cookie for sibling hosts too. */
const wideAttributes = '; Domain=example.test; Path=/; Secure';

/** Cookies that the hostile host sets, with the attacker's session cookie. Each character is one byte. */
const shapes: Readonly<Record<string, (value: string) => string>> = {
  'the exact name': (value) => `${name}=${value}${wideAttributes}`,
  'the exact name, without Domain': (value) => `${name}=${value}; Path=/; Secure`,
  'lower case': (value) => `${name.toLowerCase()}=${value}${wideAttributes}`,
  'upper case': (value) => `${name.toUpperCase()}=${value}${wideAttributes}`,
  'SP before it': (value) => `  ${name}=${value}${wideAttributes}`,
  'HTAB before it': (value) => `\t${name}=${value}${wideAttributes}`,
  'HTAB after it': (value) => `${name}\t=${value}${wideAttributes}`,
  'byte A0 before it': (value) => `\xa0${name}=${value}${wideAttributes}`,
  'byte A0 after it': (value) => `${name}\xa0=${value}${wideAttributes}`,
  'two bytes A0': (value) => `\xa0\xa0${name}=${value}${wideAttributes}`,
  'byte 85': (value) => `\x85${name}=${value}${wideAttributes}`,
  'byte FF': (value) => `\xff${name}=${value}${wideAttributes}`,
  'byte AD': (value) => `\xad${name}=${value}${wideAttributes}`,
  'U+00A0': (value) => `\xc2\xa0${name}=${value}${wideAttributes}`,
  'U+0085': (value) => `\xc2\x85${name}=${value}${wideAttributes}`,
  'U+FEFF': (value) => `\xef\xbb\xbf${name}=${value}${wideAttributes}`,
  'U+2003': (value) => `\xe2\x80\x83${name}=${value}${wideAttributes}`,
  'U+2028': (value) => `\xe2\x80\xa8${name}=${value}${wideAttributes}`,
  'U+3000': (value) => `\xe3\x80\x80${name}=${value}${wideAttributes}`,
  'U+FFFD': (value) => `\xef\xbf\xbd${name}=${value}${wideAttributes}`,
  'a long s': (value) => `__Ho\xc5\xbft-session=${value}${wideAttributes}`,
  'a vertical tab': (value) => `\v${name}=${value}${wideAttributes}`,
  'a form feed': (value) => `\f${name}=${value}${wideAttributes}`,
  DEL: (value) => `\x7f${name}=${value}${wideAttributes}`,
  'no name': (value) => `=${name}=${value}${wideAttributes}`,
  'no name, then SP': (value) => `= ${name}=${value}${wideAttributes}`,
  'no name, then byte A0': (value) => `=\xa0${name}=${value}${wideAttributes}`,
  'no name and no value': () => `${name}${wideAttributes}`,
  'two equals signs': (value) => `==${name}=${value}${wideAttributes}`,
  'the name as a value': (value) => `theme=${name}=${value}${wideAttributes}`,
  'a quoted name': (value) => `"${name}"=${value}${wideAttributes}`,
  'an open quotation': (value) => `theme="; ${name}=${value}${wideAttributes}`,
  'a comma': (value) => `theme=x, ${name}=${value}${wideAttributes}`,
  'an encoded pair': (value) => `theme=%3B%20${name}%3D${value}${wideAttributes}`,
  'an encoded name': (value) => `%5F%5FHost-session=${value}${wideAttributes}`,
  'a partitioned cookie': (value) => `${name}=${value}${wideAttributes}; Partitioned`,
  'a partitioned cookie, byte A0': (value) =>
    `\xa0${name}=${value}${wideAttributes}; SameSite=None; Partitioned`,
  'the name for http': (value) => `session=${value}${wideAttributes}`,
  'the prefix __Secure-': (value) => `__Secure-session=${value}${wideAttributes}`,
  'a chunk': (value) => `\xa0${name}.1=${value}${wideAttributes}`,
  'a login cookie with an invalid name': () => `\xa0__Host-session.login.\xff=x${wideAttributes}`,
};

let hosts: SiblingHosts;
let page: Page;
let attackerCookie = '';
beforeAll(async () => {
  hosts = await startSiblingHosts();
  page = await (await hosts.browser.newContext()).newPage();
  const attacker = hosts.app.open();
  hosts.app.server.signIn('mallory');
  await attacker.logIn();
  attackerCookie = attacker.cookies.get(name) ?? '';
}, timeout);
afterAll(() => hosts?.close());
beforeEach(async () => {
  hosts.app.server.signIn('alice');
  await page.context().clearCookies();
});

const readUser = async () => (await page.goto(appOrigin))?.text();

describe('S30: a cookie of a sibling host neither starts nor ends a session', () => {
  test('the test detects the cookie of the attacker under the name of the session cookie', async () => {
    const { session } = await hosts.app.sessions.open(`${name}=${attackerCookie}`);
    expect(session?.user.sub).toBe('mallory');
  });

  test.each(Object.entries(shapes))('with %s', { timeout }, async (_, shape) => {
    hosts.hostileCookies = [shape(attackerCookie)];
    await page.goto(hostileOrigin);
    expect(await readUser()).toBe('anonymous');
    // The hostile cookie exists during the login, and is set again afterwards.
    await page.goto(`${appOrigin}/auth/login`);
    expect(page.url()).toBe(`${appOrigin}/`);
    await page.goto(hostileOrigin);
    expect(await readUser()).toBe('alice');
  });

  test('with all cookies at once, until the user logs out', { timeout }, async () => {
    hosts.hostileCookies = Object.values(shapes).map((shape) => shape(attackerCookie.slice(0, 60)));
    await page.goto(hostileOrigin);
    expect(await readUser()).toBe('anonymous');
    await page.goto(`${appOrigin}/auth/login`);
    expect(await readUser()).toBe('alice');
    await page.goto(`${appOrigin}/auth/logout`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL((url) => url.pathname !== '/auth/logout');
    expect(await readUser()).toBe('anonymous');
  });

  test('a callback of the attacker does not sign the victim in', { timeout }, async () => {
    const attacker = hosts.app.open();
    hosts.app.server.signIn('mallory');
    const started = await attacker.visit('/auth/login');
    const { url } = await hosts.app.server.authorize(started.headers.get('location') ?? '');
    const [login = '', value = ''] = [...attacker.cookies][0] ?? [];
    for (const line of [`\xa0${login}=${value}`, `=${login}=${value}`, `${login}=${value}`]) {
      hosts.hostileCookies = [line + wideAttributes];
      await page.goto(hostileOrigin);
      expect((await page.goto(url.href))?.status()).toBe(400);
      expect(await readUser()).toBe('anonymous');
    }
  });
});
