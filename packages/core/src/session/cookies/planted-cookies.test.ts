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
import { type CookieSettings, serializeCookie } from '../index.ts';

// A request has session cookies that this application has not written: planted by a sibling host, or of another
// application. A request contains neither domain nor path of a cookie.

const spellings = ['__Host-session', '__Secure-session', 'session'];
const settings: readonly CookieSettings[] = [
  {},
  { domain: 'example.test' },
  { path: '/shop' },
  { domain: 'app.example.test', path: '/shop/auth' },
];
const cases = sessionKinds.flatMap((kind) =>
  settings.map((cookie) => [`${kind} sessions, ${JSON.stringify(cookie)}`, kind, cookie] as const),
);

/** Values without a session: a malformed one, an invented identifier, and a set of chunks. */
const createValues = (count: number): readonly ((index: number) => string)[] => [
  () => 'planted',
  () => 'A'.repeat(43),
  (index) => `gengengn~${Math.min(count, 9)}~${'x'.repeat(40)}${index}`,
];

const plant = (name: string, count: number, value: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `${index === 0 ? name : `${name}.${index}`}=${value(index)}`);

/** A session of the application, with the names and values of its cookies. */
async function logIn(app: WebApp): Promise<readonly string[]> {
  const browser = app.open();
  await browser.logIn('/shop/auth/login');
  return [...browser.cookies]
    .filter(([name]) => /session(\.\d)?$/.test(name))
    .map(([name, value]) => `${name}=${value}`);
}

const open = (kind: (typeof sessionKinds)[number], cookie: CookieSettings, at?: WebApp['server']) =>
  createWebApp(
    { ...createSessionOptions(kind), baseUrl: `${baseUrl}/shop`, cookie },
    at === undefined ? {} : { at },
  );

const visit = (app: WebApp, cookies: readonly string[], path: string, init: RequestInit = {}) =>
  app.sessions.handle(
    new Request(new URL(path, baseUrl), {
      ...init,
      headers: { ...init.headers, cookie: cookies.join('; ') },
    }),
  ) as Promise<Response>;

const logOut = (app: WebApp, cookies: readonly string[]) =>
  visit(app, cookies, '/shop/auth/logout', { method: 'POST', headers: { origin: baseUrl } });

const nameCookies = (response: Response) =>
  response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf('=')));

describe.each(cases)('S20: %s', (_, kind, cookie) => {
  test.each([1, 4, 20])('%s planted cookies of each spelling cause no Set-Cookie', async (count) => {
    const app = await open(kind, cookie);
    const [own = ''] = await logIn(app);
    for (const name of spellings) {
      // The name of the application's cookie with the prefix `__Host-` cannot be planted.
      if (own.startsWith(`${name}=`) && name === '__Host-session') continue;
      for (const value of createValues(count)) {
        const planted = plant(name, count, value);
        for (const cookies of [[own, ...planted], [...planted, own], planted]) {
          const isSignedIn = cookies.includes(own);
          const response = await visit(app, cookies, '/shop/auth/session');
          const { session } = (await response.json()) as { session: object | null };
          expect(session !== null, `${name} ${value(0)}`).toBe(isSignedIn);
          expect(response.headers.getSetCookie()).toEqual([]);
          // A request that reads its session, as pages and handlers do.
          const requestSession = await app.sessions.open(cookies.join('; '));
          if (isSignedIn) await requestSession.getAccessToken();
          await requestSession.touch();
          expect(requestSession.cookies.map(serializeCookie)).toEqual([]);
        }
      }
    }
  });

  test.each([1, 4, 20])('a refresh, a login and a logout do not delete %s planted cookies', async (count) => {
    const app = await open(kind, cookie);
    const [own = ''] = await logIn(app);
    const ownName = own.slice(0, own.indexOf('='));
    /** Each cookie at most once, and only at the domain and path of the application. */
    const expectOwn = (response: readonly string[]) => {
      const sessions = response.filter((each) => /session(\.\d+)?$/.test(each));
      expect([...new Set(sessions)]).toEqual(sessions);
      for (const each of sessions) expect([ownName, `${ownName}.1`]).toContain(each);
    };
    for (const name of spellings) {
      if (ownName === name && name === '__Host-session') continue;
      for (const value of createValues(count)) {
        const planted = plant(name, count, value);
        const signedIn = [...(await logIn(app)), ...planted];
        app.server.clock.advance(3_590);
        const requestSession = await app.sessions.open(signedIn.join('; '));
        await requestSession.getAccessToken();
        expectOwn(requestSession.cookies.map((each) => each.name));
        const started = await visit(app, signedIn, '/shop/auth/login');
        const { url } = await app.server.authorize(started.headers.get('location') ?? '');
        const pending = started.headers.getSetCookie().map((line) => line.split(';')[0] as string);
        const callback = await visit(app, [...signedIn, ...pending], url.pathname + url.search);
        expect(callback.status).toBe(303);
        expectOwn(nameCookies(callback));
        expectOwn(nameCookies(await logOut(app, [...(await logIn(app)), ...planted])));
      }
    }
  });
});

test.each(sessionKinds)(
  'S20: %s sessions: the session of an application with another secret or provider is not deleted',
  async (kind) => {
    const options = { ...createSessionOptions(kind), baseUrl: `${baseUrl}/shop` };
    const app = await createWebApp(options);
    const cookie = { domain: 'example.test' };
    const neighbours = [
      await createWebApp({ ...options, cookie, secret: `${secret} of the neighbour` }, { at: app.server }),
      await createWebApp({ ...options, cookie }, { server: { issuer: 'https://login.neighbour.test' } }),
    ];
    for (const neighbour of neighbours) {
      const cookies = [...(await logIn(app)), ...(await logIn(neighbour))];
      expect(cookies.join()).toContain('__Secure-session=');
      const response = await logOut(app, cookies);
      expect(nameCookies(response).filter((name) => name.startsWith('__Secure-'))).toEqual([]);
    }
  },
);

test.each(sessionKinds)('%s sessions: one Set-Cookie deletes one copy of earlier settings', async (kind) => {
  const options = { ...createSessionOptions(kind), baseUrl: `${baseUrl}/shop` };
  const settingsOfCopies: readonly CookieSettings[] = [
    { domain: 'example.test' },
    { domain: 'app.example.test' },
    { path: '/shop' },
    { path: '/shop/auth', domain: '.Example.test' },
    { partitioned: true },
  ];
  const app = await createWebApp({ ...options, cookie: {} });
  for (const cookie of settingsOfCopies) {
    const earlier = await createWebApp({ ...options, cookie }, { at: app.server });
    const cookies = [...(await logIn(earlier)), ...(await logIn(app))];
    const response = await logOut(app, cookies);
    const lines = response.headers.getSetCookie().filter((line) => /^[\w-]*session=/.test(line));
    expect(lines, JSON.stringify(cookie)).toHaveLength(2);
    for (const line of lines) expect(line).toContain('Max-Age=0');
    const [copy = ''] = lines.filter((line) => !line.includes('Path=/;') || /Domain|^__Secure/.test(line));
    if (cookie.domain)
      expect(copy.toLowerCase()).toContain(`domain=${cookie.domain.replace(/^\./, '').toLowerCase()}`);
    else expect(copy).not.toContain('Domain');
    if (cookie.path) expect(copy).toContain(`Path=${cookie.path};`);
  }
});
