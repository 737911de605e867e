// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import type { CookieSettings } from '../../../src/session/index.ts';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type TestBrowser,
  type WebApp,
} from '../../support/web-browser.ts';

// A sibling host plants copies of the session cookie, or the domain of the cookie was changed.

const users = [{ sub: 'alice' }, { sub: 'mallory' }];

async function logIn(app: WebApp, sub: string, prefix = ''): Promise<TestBrowser> {
  app.server.signIn(sub);
  const browser = app.open();
  await browser.logIn(`${prefix}/auth/login`);
  return browser;
}

/** Reads the name-value pairs of the session cookie and its chunks. */
const readPairs = (browser: TestBrowser) =>
  browser
    .header()
    .split('; ')
    .filter((pair) => /session(\.\d)?=/.test(pair));

function logOut(app: WebApp, cookie: string, headers: HeadersInit = { accept: 'text/html' }) {
  const request = new Request(new URL(app.sessions.paths.logout, baseUrl), {
    method: 'POST',
    headers: { ...headers, origin: baseUrl, cookie },
  });
  return app.sessions.handle(request) as Promise<Response>;
}

const readUser = async (app: WebApp, cookie: string) => (await app.sessions.open(cookie)).session?.user.sub;

const repeat = (count: number, create: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => create(index));

const settings: readonly (readonly [string, string, CookieSettings])[] = [
  ['domain', '', { domain: 'example.test' }],
  ['path', '/shop', { path: '/shop' }],
];

for (const kind of sessionKinds) {
  describe.each(settings)(`S20: ${kind} sessions with cookie.%s: a logout`, (_, prefix, cookie) => {
    const start = async () => {
      const app = await createWebApp(
        { ...createSessionOptions(kind), cookie, baseUrl: baseUrl + prefix },
        { server: { users } },
      );
      return { app, browser: await logIn(app, 'alice', prefix) };
    };

    test.each(['before', 'after'])(
      'ends both sessions if the session of another user is planted %s the cookie',
      async (at) => {
        const { app, browser } = await start();
        const attacker = await logIn(app, 'mallory', prefix);
        const copies = [attacker.header(), browser.header()];
        const response = await logOut(app, (at === 'before' ? copies : copies.reverse()).join('; '));
        expect(response.status).toBe(303);
        const url = new URL(response.headers.get('location') ?? '');
        expect([url.origin, url.pathname]).toEqual([app.server.issuer, '/end-session']);
        // The cookies contain two users. Therefore the request has no hint for the provider.
        expect(url.searchParams.has('id_token_hint')).toBe(false);
        for (const each of copies) expect(await readUser(app, each)).toBeUndefined();
        expect(app.server.requestsTo('revocation')).toHaveLength(2);
        for (const pair of readPairs(browser)) {
          const [name = ''] = pair.split('=');
          expect(response.headers.getSetCookie().some((line) => line.startsWith(`${name}=;`))).toBe(true);
        }
      },
    );

    test.each([1, 4, 12])(
      'ends the session despite %i planted copies that cannot be decrypted',
      async (count) => {
        const { app, browser } = await start();
        const [name = ''] = browser.header().split('=');
        for (const create of [
          (index: number) => `junk${index}`,
          (index: number) => String(index).padStart(43, 'x'),
          (index: number) => `abcdefg${index % 10}~1~${index}`,
        ]) {
          const victim = await logIn(app, 'alice', prefix);
          const plantedCookies = repeat(count, (index) => `${name}=${create(index)}`).join('; ');
          const response = await logOut(app, `${plantedCookies}; ${victim.header()}`);
          expect(response.status).toBe(303);
          expect(response.headers.get('location')).toContain('id_token_hint=');
          expect(await readUser(app, victim.header())).toBeUndefined();
        }
        expect(app.server.requestsTo('revocation')).toHaveLength(3);
      },
    );

    test('is reported as incomplete with more copies than it reads', async () => {
      const { app, browser } = await start();
      const [name = ''] = browser.header().split('=');
      const create = (index: number) =>
        kind === 'stored' ? String(index).padStart(43, 'x') : `abcdefgh~1~${index}`;
      const plantedCookies = repeat(40, (index) => `${name}=${create(index)}`).join('; ');
      const response = await logOut(app, `${browser.header()}; ${plantedCookies}`);
      expect(response.status).toBe(503);
      const html = await response.text();
      expect(html).toContain('Logout is not complete');
      expect(html).not.toContain('name="retry"');
      // A copy that it has not read can belong to the user.
      expect(response.headers.getSetCookie().some((line) => /session(\.\d)?=/.test(line))).toBe(false);
      expect(app.events).toContainEqual(
        expect.objectContaining({ type: 'logout.incomplete', part: 'session', code: 'request_invalid' }),
      );
      // The copies that it reads are ended.
      expect(await readUser(app, browser.header())).toBeUndefined();
      const script = { 'sec-fetch-mode': 'cors' };
      expect((await logOut(app, plantedCookies, script)).status).toBe(503);
      const { failure } = await app.sessions.startLogout(plantedCookies);
      expect(failure).toMatchObject({ code: 'request_invalid', check: 'cookie' });
    });

    test('keeps a cookie that follows more copies than it reads, and ends its session when the copies are deleted', async () => {
      const { app, browser } = await start();
      const [name = ''] = browser.header().split('=');
      const create = (index: number) =>
        kind === 'stored' ? String(index).padStart(43, 'x') : `abcdefgh~1~${index}`;
      const plantedCookies = repeat(32, (index) => `${name}=${create(index)}`).join('; ');
      const cookie = browser.header();
      const response = await logOut(app, `${plantedCookies}; ${cookie}`);
      expect(response.status).toBe(503);
      expect(await readUser(app, cookie)).toBe('alice');
      browser.take(response);
      expect(browser.header()).toContain(readPairs(browser)[0]);
      expect(readPairs(browser)).not.toEqual([]);
      // The user deletes the planted cookies, and logs out again.
      expect((await logOut(app, browser.header())).status).toBe(303);
      expect(await readUser(app, cookie)).toBeUndefined();
      expect(app.server.requestsTo('revocation')).toHaveLength(1);
    });

    test('ends both sessions of one user', async () => {
      const { app, browser } = await start();
      app.server.clock.advance(5);
      const second = await logIn(app, 'alice', prefix);
      const copies = [browser.header(), second.header()];
      const response = await logOut(app, copies.join('; '));
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toContain('id_token_hint=');
      for (const each of copies) expect(await readUser(app, each)).toBeUndefined();
      expect(app.server.requestsTo('revocation')).toHaveLength(2);
    });
  });

  test(`S20: ${kind} sessions: a logout ends the sessions of all cookies with one name and the prefix __Host-`, async () => {
    const app = await createWebApp(createSessionOptions(kind), { server: { users } });
    const copies = [(await logIn(app, 'mallory')).header(), (await logIn(app, 'alice')).header()];
    expect(await readUser(app, copies.join('; '))).toBeUndefined();
    expect((await logOut(app, copies.join('; '))).status).toBe(303);
    for (const each of copies) expect(await readUser(app, each)).toBeUndefined();
  });

  test(`S20: ${kind} sessions: a logout ends the session of a cookie with earlier settings`, async () => {
    const options = createSessionOptions(kind);
    const first = await createWebApp(
      { ...options, cookie: { domain: 'example.test' } },
      { server: { users } },
    );
    const second = await createWebApp(options, { at: first.server });
    const [old, current] = [await logIn(first, 'alice'), await logIn(second, 'alice')];
    const response = await logOut(second, `${old.header()}; ${current.header()}`);
    expect(response.headers.get('location')).toContain('id_token_hint=');
    const renamed = old.header().replaceAll('__Secure-', '__Host-');
    for (const each of [renamed, current.header()]) expect(await readUser(second, each)).toBeUndefined();
    expect(first.server.requestsTo('revocation')).toHaveLength(2);
  });
}

test('S20: a logout ends a session despite a planted chunk of the same generation', async () => {
  const app = await createWebApp({ cookie: { domain: 'example.test' } });
  const browser = await logIn(app, 'alice');
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.update(() => ({ text: 'x'.repeat(2_000) }));
  const pairs = requestSession.cookies
    .filter(({ maxAge }) => maxAge > 0)
    .map(({ name, value }) => `${name}=${value}`);
  expect(pairs).toHaveLength(2);
  const cookie = pairs.join('; ');
  const plantedCookies = `${(pairs[1] ?? '').slice(0, -20)}`;
  expect(await readUser(app, cookie)).toBe('alice');
  expect((await logOut(app, `${plantedCookies}; ${cookie}`)).status).toBe(303);
  expect(await readUser(app, cookie)).toBeUndefined();
});

test.each(sessionKinds)(
  'S20: %s sessions: more planted copies than are read do not sign the attacker in',
  async (kind) => {
    for (const domain of ['example.test', '.Example.test']) {
      const app = await createWebApp({ ...createSessionOptions(kind), cookie: { domain } });
      const mallory = readPairs(await logIn(app, 'mallory'));
      const alice = readPairs(await logIn(app, 'alice'));
      for (let planted = 1; planted <= 8; planted++) {
        // Browsers send the cookies with longer paths first.
        const header = [...Array.from({ length: planted }, () => mallory).flat(), ...alice].join('; ');
        expect((await app.sessions.open(header)).session?.user.sub, `${planted} copies`).toBeUndefined();
      }
    }
  },
);

test.each(sessionKinds)(
  'S20: %s sessions: a login ends the session whose cookie follows more planted copies than are accepted',
  async (kind) => {
    for (const planted of [0, 3, 4, 12]) {
      const app = await createWebApp({
        ...createSessionOptions(kind),
        cookie: { domain: 'example.test' },
      });
      const mallory = readPairs(await logIn(app, 'mallory'));
      const browser = await logIn(app, 'alice');
      const alice = browser.header();
      const ended = app.events.filter(({ type }) => type === 'session.ended').length;
      app.server.clock.advance(5);
      app.server.signIn('bob');
      const started = await browser.visit('/auth/login');
      const { url } = await app.server.authorize(started.headers.get('location') ?? '');
      const cookie = [...Array.from({ length: planted }, () => mallory).flat(), browser.header()].join('; ');
      const request = new Request(url, { headers: { cookie } });
      expect((await app.sessions.handle(request))?.status).toBe(303);
      expect((await app.sessions.open(alice)).session, `${planted} copies`).toBeUndefined();
      expect(app.events.filter(({ type }) => type === 'session.ended').length - ended).toBe(
        planted > 0 ? 2 : 1,
      );
    }
  },
);
