// @platforms node: the suite starts servers and Chromium.
import type { Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appOrigin, hostileOrigin, type SiblingHosts, startSiblingHosts } from './sibling-hosts.ts';

const patience = 60_000;
const name = '__Host-session';

/** Attributes that set a cookie for sibling hosts too. */
const wide = '; Domain=example.test; Path=/; Secure';

/** Cookies that the hostile host sets, with the attacker's session cookie. Each character is one byte. */
const shapes: Readonly<Record<string, (value: string) => string>> = {
  'the exact name': (value) => `${name}=${value}${wide}`,
  'the exact name, without Domain': (value) => `${name}=${value}; Path=/; Secure`,
  'lower case': (value) => `${name.toLowerCase()}=${value}${wide}`,
  'upper case': (value) => `${name.toUpperCase()}=${value}${wide}`,
  'SP before it': (value) => `  ${name}=${value}${wide}`,
  'HTAB before it': (value) => `\t${name}=${value}${wide}`,
  'HTAB after it': (value) => `${name}\t=${value}${wide}`,
  'byte A0 before it': (value) => `\xa0${name}=${value}${wide}`,
  'byte A0 after it': (value) => `${name}\xa0=${value}${wide}`,
  'two bytes A0': (value) => `\xa0\xa0${name}=${value}${wide}`,
  'byte 85': (value) => `\x85${name}=${value}${wide}`,
  'byte FF': (value) => `\xff${name}=${value}${wide}`,
  'byte AD': (value) => `\xad${name}=${value}${wide}`,
  'U+00A0': (value) => `\xc2\xa0${name}=${value}${wide}`,
  'U+0085': (value) => `\xc2\x85${name}=${value}${wide}`,
  'U+FEFF': (value) => `\xef\xbb\xbf${name}=${value}${wide}`,
  'U+2003': (value) => `\xe2\x80\x83${name}=${value}${wide}`,
  'U+2028': (value) => `\xe2\x80\xa8${name}=${value}${wide}`,
  'U+3000': (value) => `\xe3\x80\x80${name}=${value}${wide}`,
  'U+FFFD': (value) => `\xef\xbf\xbd${name}=${value}${wide}`,
  'a long s': (value) => `__Ho\xc5\xbft-session=${value}${wide}`,
  'a vertical tab': (value) => `\v${name}=${value}${wide}`,
  'a form feed': (value) => `\f${name}=${value}${wide}`,
  DEL: (value) => `\x7f${name}=${value}${wide}`,
  'no name': (value) => `=${name}=${value}${wide}`,
  'no name, then SP': (value) => `= ${name}=${value}${wide}`,
  'no name, then byte A0': (value) => `=\xa0${name}=${value}${wide}`,
  'no name and no value': () => `${name}${wide}`,
  'two equals signs': (value) => `==${name}=${value}${wide}`,
  'the name as a value': (value) => `theme=${name}=${value}${wide}`,
  'a quoted name': (value) => `"${name}"=${value}${wide}`,
  'an open quotation': (value) => `theme="; ${name}=${value}${wide}`,
  'a comma': (value) => `theme=x, ${name}=${value}${wide}`,
  'an encoded pair': (value) => `theme=%3B%20${name}%3D${value}${wide}`,
  'an encoded name': (value) => `%5F%5FHost-session=${value}${wide}`,
  'a partitioned cookie': (value) => `${name}=${value}${wide}; Partitioned`,
  'a partitioned cookie, byte A0': (value) => `\xa0${name}=${value}${wide}; SameSite=None; Partitioned`,
  'the name of plain http': (value) => `session=${value}${wide}`,
  'the prefix __Secure-': (value) => `__Secure-session=${value}${wide}`,
  'a chunk': (value) => `\xa0${name}.1=${value}${wide}`,
  'a login that cannot be named': () => `\xa0__Host-session.login.\xff=x${wide}`,
};

let hosts: SiblingHosts;
let page: Page;
let attackersCookie = '';
beforeAll(async () => {
  hosts = await startSiblingHosts();
  page = await (await hosts.browser.newContext()).newPage();
  const attacker = hosts.app.open();
  hosts.app.server.signIn('mallory');
  await attacker.logIn();
  attackersCookie = attacker.cookies.get(name) ?? '';
}, patience);
afterAll(() => hosts?.close());
beforeEach(async () => {
  hosts.app.server.signIn('alice');
  await page.context().clearCookies();
});

const userNow = async () => (await page.goto(appOrigin))?.text();

describe('S30: a cookie of a sibling host neither starts nor ends a session', () => {
  test('the test detects the cookie of the attacker under the name of the session cookie', async () => {
    const { session } = await hosts.app.sessions.open(`${name}=${attackersCookie}`);
    expect(session?.user.sub).toBe('mallory');
  });

  test.each(Object.entries(shapes))('with %s', { timeout: patience }, async (_, shape) => {
    hosts.hostile = [shape(attackersCookie)];
    await page.goto(hostileOrigin);
    expect(await userNow()).toBe('anonymous');
    // The hostile cookie exists during the login, and is set again afterwards.
    await page.goto(`${appOrigin}/auth/login`);
    expect(page.url()).toBe(`${appOrigin}/`);
    await page.goto(hostileOrigin);
    expect(await userNow()).toBe('alice');
  });

  test('with all cookies at once, until the user logs out', { timeout: patience }, async () => {
    hosts.hostile = Object.values(shapes).map((shape) => shape(attackersCookie.slice(0, 60)));
    await page.goto(hostileOrigin);
    expect(await userNow()).toBe('anonymous');
    await page.goto(`${appOrigin}/auth/login`);
    expect(await userNow()).toBe('alice');
    await page.goto(`${appOrigin}/auth/logout`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL((url) => url.pathname !== '/auth/logout');
    expect(await userNow()).toBe('anonymous');
  });

  test('a callback of the attacker does not sign the victim in', { timeout: patience }, async () => {
    const attacker = hosts.app.open();
    hosts.app.server.signIn('mallory');
    const started = await attacker.visit('/auth/login');
    const { url } = await hosts.app.server.authorize(started.headers.get('location') ?? '');
    const [login = '', value = ''] = [...attacker.cookies][0] ?? [];
    for (const line of [`\xa0${login}=${value}`, `=${login}=${value}`, `${login}=${value}`]) {
      hosts.hostile = [line + wide];
      await page.goto(hostileOrigin);
      expect((await page.goto(url.href))?.status()).toBe(400);
      expect(await userNow()).toBe('anonymous');
    }
  });
});
