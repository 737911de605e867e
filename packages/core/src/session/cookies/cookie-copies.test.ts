// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  secret,
  sessionKinds,
  type WebApp,
} from '../../../tests/support/web-browser.ts';
import { type CookieSettings, createMemoryTombstoneStore, serializeCookie } from '../index.ts';

// A deployment changes the domain or path of the session cookie. Browsers then have two cookies with one name.

/** Opens a browser that stores the cookies of one host by name, domain, path (RFC 6265bis section 5.7) and partition (CHIPS). */
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
      const partition = attributes.includes('Partitioned') ? ['partitioned'] : [];
      const key = JSON.stringify([name, domain, path, ...partition]);
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
  ['the addition of partitions', {}, { partitioned: true }],
  ['the removal of partitions', { partitioned: true }, {}],
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

const partitions: readonly (readonly [string, CookieSettings, CookieSettings])[] = [
  ['switched on', {}, { partitioned: true, sameSite: 'none' }],
  ['switched off', { partitioned: true, sameSite: 'none' }, {}],
];

describe.each(partitions)('"cookie.partitioned" is %s', (_, before, after) => {
  const ends = ['expired', 'was logged out by the provider', 'was encrypted with another secret'] as const;
  const cases = sessionKinds.flatMap((kind) => ends.map((end) => [kind, end] as const));

  test.each(cases)('%s sessions: one login signs in if the previous session %s', async (kind, end) => {
    const options = { ...createSessionOptions(kind), tombstones: createMemoryTombstoneStore() };
    const first = await createWebApp({ ...options, cookie: before });
    const browser = openBrowser();
    await logIn(first, browser);
    if (end === 'expired') first.server.clock.advance(86_405);
    if (end === 'was logged out by the provider') {
      const token = await first.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
      const body = new URLSearchParams({ logout_token: token });
      await visit(first, openBrowser(), '/auth/backchannel-logout', { method: 'POST', body });
      first.server.clock.advance(2);
    }
    const second = await createWebApp(
      {
        ...options,
        cookie: after,
        ...(end === 'was encrypted with another secret' && { secret: `${secret} which is new` }),
      },
      { at: first.server },
    );
    expect(await readUser(second, browser)).toBeUndefined();
    await logIn(second, browser);
    expect(await readUser(second, browser)).toBe('alice');
    expect(sessionNames(browser)).toHaveLength(1);
    // The next login deletes no cookie in the other partition.
    await logIn(second, browser);
    expect(await readUser(second, browser)).toBe('alice');
  });

  test.each(sessionKinds)('%s sessions: a logout deletes a cookie that is unknown', async (kind) => {
    const options = createSessionOptions(kind);
    const first = await createWebApp({ ...options, cookie: before });
    const second = await createWebApp(
      { ...options, cookie: after, secret: `${secret} which is new` },
      { at: first.server },
    );
    const browser = openBrowser();
    await logIn(first, browser);
    await visit(second, browser, '/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    expect(sessionNames(browser)).toEqual([]);
  });

  test('stays signed in if a response sets only one of two cookies with one name', async () => {
    const first = await createWebApp({ cookie: before });
    const second = await createWebApp({ cookie: after }, { at: first.server });
    const browser = openBrowser();
    await logIn(first, browser);
    for (const wait of [3_590, 43_000, 43_000]) {
      first.server.clock.advance(wait);
      const requestSession = await second.sessions.open(browser.header());
      await requestSession.getAccessToken();
      const lastOfName = new Map(requestSession.cookies.map((cookie) => [cookie.name, cookie]));
      browser.take([...lastOfName.values()].map(serializeCookie));
      expect(sessionNames(browser)).toHaveLength(2);
      expect((await second.sessions.open(browser.header())).session?.user.sub).toBe('alice');
    }
    // The first copy has expired. The second one is the same session.
    expect((await visit(second, browser, '/auth/login')).status).toBe(303);
    expect(await readUser(second, browser)).toBe('alice');
    await logIn(second, browser);
    expect(sessionNames(browser)).toHaveLength(1);
  });

  test('S20: two cookies with the prefix __Host- of two users, or of one partition, lead to no session', async () => {
    const users = [{ sub: 'alice' }, { sub: 'mallory' }];
    const first = await createWebApp({ cookie: before }, { server: { users } });
    const second = await createWebApp({ cookie: after }, { at: first.server });
    const open = async (app: WebApp, sub: string) => {
      const browser = openBrowser();
      app.server.signIn(sub);
      await logIn(app, browser);
      return (
        browser
          .header()
          .split('; ')
          .find((pair) => pair.startsWith('__Host-session=')) ?? ''
      );
    };
    const own = await open(first, 'alice');
    const isSignedIn = async (...pairs: string[]) =>
      (await second.sessions.open(pairs.join('; '))).session !== undefined;
    const other = await open(second, 'alice');
    expect(await isSignedIn(own, other)).toBe(true);
    expect(await isSignedIn(other, own)).toBe(true);
    const samePartition = await open(first, 'alice');
    const rejected = [await open(second, 'mallory'), await open(first, 'mallory'), samePartition, own];
    for (const each of [...rejected, '__Host-session=planted']) {
      expect(await isSignedIn(own, each)).toBe(false);
      expect(await isSignedIn(each, own)).toBe(false);
    }
    expect(await isSignedIn(own, other, samePartition)).toBe(false);
  });

  test('S87: counts logins whose session cookie is lost, with the marker of each partition', async () => {
    const first = await createWebApp({ cookie: before });
    const second = await createWebApp({ cookie: after }, { at: first.server });
    const browser = openBrowser();
    const statuses: number[] = [];
    const countMarkers = () => browser.header().split('.completed=').length - 1;
    const markers: number[] = [];
    for (const app of [first, second, second]) {
      markers.push(countMarkers());
      const loginResponse = await visit(app, browser, '/auth/login');
      if (loginResponse.status === 303) {
        const { url } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
        statuses.push((await visit(app, browser, url.pathname + url.search)).status);
      } else statuses.push(loginResponse.status);
      for (const key of browser.cookies.keys()) if (/session"/.test(key)) browser.cookies.delete(key);
    }
    expect(statuses).toEqual([303, 303, 400]);
    expect(markers).toEqual([0, 1, 2]);
  });
});
