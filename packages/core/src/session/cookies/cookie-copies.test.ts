// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type WebApp,
} from '../../../tests/support/web-browser.ts';
import { type CookieSettings, serializeCookie } from '../index.ts';

// A deployment changes the domain or path of the session cookie. Browsers then have two cookies with one name.

/** Opens a browser that stores the cookies of one host by name, domain and path (RFC 6265bis section 5.7). */
function openBrowser(host = new URL(baseUrl).hostname) {
  const cookies = new Map<string, { pair: string; path: string }>();
  let setCount = 0;
  const take = (lines: readonly string[]) => {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ');
      const read = (name: string) =>
        attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
      const [name = ''] = pair.split('=');
      const domain = read('domain') ?? host;
      if (host !== domain && !host.endsWith(`.${domain}`)) continue;
      if (name.startsWith('__Host-') && (read('domain') !== undefined || read('path') !== '/')) continue;
      const path = read('path') ?? '/';
      const key = JSON.stringify([name, domain, path]);
      if (read('max-age') === '0') cookies.delete(key);
      else cookies.set(key, { pair, path });
      setCount++;
    }
  };
  const header = () => [...cookies.values()].map(({ pair }) => pair).join('; ');
  return { cookies, header, take, getSetCount: () => setCount };
}
type Browser = ReturnType<typeof openBrowser>;

async function visit(app: WebApp, browser: Browser, path: string, init: RequestInit = {}) {
  const headers = { ...init.headers, cookie: browser.header() };
  const response = await app.sessions.handle(
    new Request(new URL(path, app.sessions.origin), { ...init, headers }),
  );
  browser.take(response?.headers.getSetCookie() ?? []);
  return response as Response;
}

async function logIn(app: WebApp, browser: Browser, prefix = '') {
  // The previous login was more than a minute ago: its marker has expired.
  for (const key of browser.cookies.keys()) if (key.includes('.completed')) browser.cookies.delete(key);
  const loginResponse = await visit(app, browser, `${prefix}/auth/login`);
  const { url } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
  expect((await visit(app, browser, url.pathname + url.search)).status).toBe(303);
}

async function readUser(app: WebApp, browser: Browser, prefix = ''): Promise<string | undefined> {
  const { session } = (await (await visit(app, browser, `${prefix}/auth/session`)).json()) as {
    session: { user: { sub: string } } | null;
  };
  return session?.user.sub;
}

const sessionNames = (browser: Browser) =>
  [...browser.cookies.keys()]
    .filter((key) => !/login|logout|completed/.test(key))
    .map((key) => JSON.parse(key) as string[]);

const domain = 'example.test';
const changes: readonly (readonly [string, CookieSettings, CookieSettings])[] = [
  ['the addition of a domain', {}, { domain }],
  ['a change of the domain', { domain: 'app.example.test' }, { domain }],
  ['a change to a narrower domain', { domain }, { domain: 'app.example.test' }],
  ['a change to a shorter path', { path: '/shop' }, { path: '/shop', domain }],
  ['a change to a longer path', { domain }, { domain, path: '/shop' }],
  ['a change from the path of the routes to the root', { path: '/shop/auth', domain }, { domain }],
];

for (const kind of sessionKinds) {
  test.each(changes)(
    `${kind} sessions: keeps users signed in with one cookie after %s`,
    async (_, before, after) => {
      const options = { ...createSessionOptions(kind), baseUrl: `${baseUrl}/shop` };
      const first = await createWebApp({ ...options, cookie: before });
      const second = await createWebApp({ ...options, cookie: after }, { at: first.server });
      const browser = openBrowser();
      await logIn(first, browser, '/shop');
      expect(await readUser(second, browser, '/shop')).toBe('alice');
      // A refresh of the new deployment sets its cookie. The next request removes the other one.
      first.server.clock.advance(3_590);
      const requestSession = await second.sessions.open(browser.header());
      await requestSession.getAccessToken();
      browser.take(requestSession.cookies.map(serializeCookie));
      expect(await readUser(second, browser, '/shop')).toBe('alice');
      expect(await readUser(second, browser, '/shop')).toBe('alice');
      if (kind === 'cookie') expect(sessionNames(browser)).toHaveLength(1);
      // A new login, and a logout.
      await logIn(second, browser, '/shop');
      expect(await readUser(second, browser, '/shop')).toBe('alice');
      expect(sessionNames(browser)).toHaveLength(1);
      await logIn(first, browser, '/shop');
      await visit(second, browser, '/shop/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
      expect(await readUser(second, browser, '/shop')).toBeUndefined();
      expect(sessionNames(browser)).toEqual([]);
    },
  );
}

test('uses the newest of two copies in any order', async () => {
  const first = await createWebApp({ cookie: { domain: 'app.example.test' } });
  const second = await createWebApp({ cookie: { domain } }, { at: first.server });
  const browser = openBrowser();
  await logIn(first, browser);
  const old = browser.header();
  first.server.clock.advance(10);
  const requestSession = await second.sessions.open(old);
  await requestSession.update(() => ({ isNew: true }));
  const current = requestSession.cookies
    .filter(({ maxAge }) => maxAge > 0)
    .map(({ name, value }) => `${name}=${value}`);
  for (const header of [`${old}; ${current.join('; ')}`, `${current.join('; ')}; ${old}`]) {
    expect((await second.sessions.open(header)).session?.data).toEqual({ isNew: true });
  }
});

test('S20: a planted copy neither signs in another user nor prevents a login', async () => {
  const app = await createWebApp(
    { cookie: { path: '/shop' }, baseUrl: `${baseUrl}/shop` },
    {
      server: { users: [{ sub: 'alice' }, { sub: 'mallory' }] },
    },
  );
  const [browser, attacker] = [openBrowser(), openBrowser()];
  await logIn(app, browser, '/shop');
  app.server.signIn('mallory');
  await logIn(app, attacker, '/shop');
  app.server.signIn('alice');
  const [plantedPair = ''] = attacker.header().split('; ');
  browser.take([`${plantedPair}; Domain=example.test; Path=/; Secure`]);
  expect(await readUser(app, browser, '/shop')).toBeUndefined();
  await logIn(app, browser, '/shop');
  expect(await readUser(app, browser, '/shop')).toBe('alice');
  // A value that cannot be decrypted changes nothing.
  browser.take(['__Secure-session=planted; Domain=example.test; Path=/; Secure']);
  expect(await readUser(app, browser, '/shop')).toBe('alice');
});

test('S20: accepts no other cookie with the prefix __Host-', async () => {
  const appWithDomain = await createWebApp({ cookie: { domain } });
  const app = await createWebApp({}, { at: appWithDomain.server });
  const browser = openBrowser();
  await logIn(appWithDomain, browser);
  expect(await readUser(app, browser)).toBeUndefined();
  // The cookie of the earlier setting is removed at the login.
  await logIn(app, browser);
  expect(sessionNames(browser).map(([name]) => name)).toEqual(['__Host-session']);
});
