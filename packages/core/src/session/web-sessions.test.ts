import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { baseUrl, createWebApp, secret, type WebApp } from '../../tests/web-browser.ts';
import { createClient } from '../index.ts';
import { createMemorySessionStore, createWebSessions } from './index.ts';

const html = { accept: 'text/html' };
const ownOrigin = { origin: baseUrl };

/** Both kinds of session must behave alike. */
const kinds = {
  cookie: () => ({}),
  stored: (app?: WebApp) => ({ store: createMemorySessionStore(app ? { now: app.server.clock.now } : {}) }),
};

for (const kind of ['cookie', 'stored'] as const) {
  const start = (...[options, more]: Parameters<typeof createWebApp>) =>
    createWebApp({ ...kinds[kind](), ...options }, more);

  test(`${kind}: a login ends where the user wanted to go, and the session tells who they are`, async () => {
    const app = await start();
    const browser = app.open();
    const done = await browser.logIn('/auth/login?returnTo=/reports%3Fyear=2026');
    expect(done.status).toBe(303);
    expect(done.headers.get('location')).toBe('/reports?year=2026');
    const { session } = await (await browser.visit('/auth/session')).json();
    expect(session.user).toMatchObject({ iss: app.server.issuer, sub: 'alice' });
    expect(JSON.stringify(session)).not.toMatch(/eyJ|nonce|at_hash/);
    expect([...browser.cookies.keys()]).toEqual(['__Host-session']);
  });

  test(`${kind}: without a session everything says so`, async () => {
    const app = await start({ accessTokenRoute: true });
    const browser = app.open();
    expect(await (await browser.visit('/auth/session')).json()).toEqual({ session: null });
    const opened = await app.sessions.open('');
    expect(opened.session).toBeUndefined();
    await expect(opened.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    expect((await browser.visit('/auth/access-token', { headers: ownOrigin })).status).toBe(401);
  });

  test(`${kind}: an expired access token is refreshed, and the browser keeps what came of it`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    for (let round = 1; round <= 3; round++) {
      app.server.clock.advance(3_590);
      const opened = await app.sessions.open(browser.header());
      const { expiresAt = 0 } = await opened.getAccessToken();
      expect(expiresAt * 1000).toBeGreaterThan(app.server.clock.now());
      browser.take(
        new Response(null, {
          headers: opened.cookies.map((cookie) => ['set-cookie', serialized(cookie)] as [string, string]),
        }),
      );
      expect(app.server.requestsTo('token')).toHaveLength(1 + round);
    }
  });

  test(`S5, ${kind}: many users at once are each given their own token`, async () => {
    const subs = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    const app = await start({}, { server: { users: subs.map((sub) => ({ sub })) } });
    const browsers = [];
    for (const sub of subs) {
      app.server.signIn(sub);
      const browser = app.open();
      await browser.logIn();
      browsers.push({ sub, browser });
    }
    app.server.clock.advance(3_590);
    const calls = browsers.flatMap((each) => [each, each, each]);
    const answers = await Promise.all(
      calls.map(async ({ sub, browser }) => {
        const opened = await app.sessions.open(browser.header());
        const { accessToken } = await opened.getAccessToken();
        return { sub, session: opened.session?.user.sub, token: claimsOf(accessToken).sub };
      }),
    );
    for (const { sub, session, token } of answers) expect([session, token]).toEqual([sub, sub]);
    // Twelve logins and twelve refreshes.
    expect(app.server.requestsTo('token')).toHaveLength(24);
  });

  test(`S7, ${kind}: two users whose refreshes are both asked for a DPoP nonce keep apart`, async () => {
    const keyPair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const app = await start(
      {},
      { client: { dpop: { keyPair } }, server: { dpopNonce: true, accessTokenLife: 60 } },
    );
    const browsers = [];
    for (const sub of ['alice', 'bob']) {
      app.server.signIn(sub);
      const browser = app.open();
      await browser.logIn();
      browsers.push({ sub, browser });
    }
    app.server.clock.advance(40);
    await Promise.all(
      browsers.map(async ({ sub, browser }) => {
        const { accessToken } = await (await app.sessions.open(browser.header())).getAccessToken();
        expect(claimsOf(accessToken).sub).toBe(sub);
      }),
    );
  });

  test(`S3, ${kind}: a session ends when it is not used, and at the latest after its life`, async () => {
    const app = await start({ idleLife: 1_000, absoluteLife: 5_000 });
    if (kind === 'stored') return storedLives(app);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    app.server.clock.advance(999);
    expect((await app.sessions.open(copy)).session).toBeDefined();
    app.server.clock.advance(2);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
  });

  test(`S3, ${kind}: use prolongs a session, but not beyond its life`, async () => {
    const app = await start({ idleLife: 1_000, absoluteLife: 2_500 });
    const browser = app.open();
    await browser.logIn();
    for (let i = 0; i < 3; i++) {
      app.server.clock.advance(800);
      const { session } = await (await browser.visit('/auth/session')).json();
      expect(session).not.toBeNull();
    }
    app.server.clock.advance(200);
    expect(await (await browser.visit('/auth/session')).json()).toEqual({ session: null });
  });

  test(`S3, ${kind}: after logout a copied cookie is of no use`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    const response = await browser.visit('/auth/logout', { method: 'POST', headers: ownOrigin });
    expect(response.status).toBe(303);
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('post_logout_redirect_uri')).toBe(
      `${baseUrl}/`,
    );
    expect(browser.cookies.size).toBe(0);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
  });

  test(`S15, ${kind}: a logout during a refresh stays a logout`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(3_590);
    const release = app.server.hold('token');
    const opened = await app.sessions.open(browser.header());
    const refresh = opened.getAccessToken();
    await expect.poll(() => app.server.requestsTo('token').length).toBe(2);
    const copy = browser.header();
    await browser.visit('/auth/logout', { method: 'POST', headers: ownOrigin });
    release();
    await expect(refresh).rejects.toMatchObject({ code: 'session_ended' });
    expect(opened.cookies.every(({ maxAge }) => maxAge === 0)).toBe(true);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
  });

  test(`S8, S19, ${kind}: a login as another user ends the session of before, and takes a new identifier`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const before = browser.header();
    app.server.signIn('bob');
    await browser.logIn();
    expect(browser.header()).not.toBe(before);
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('bob');
    expect((await app.sessions.open(before)).session).toBeUndefined();
  });

  test(`S17, ${kind}: a user is iss and sub; userinfo and e-mail cannot say otherwise`, async () => {
    const users = [{ sub: 'alice', claims: { iss: 'https://evil.example', email: 'victim@example.test' } }];
    const app = await start({ userinfo: true }, { server: { users } });
    const browser = app.open();
    await browser.logIn();
    const { session } = await app.sessions.open(browser.header());
    expect(session?.user).toMatchObject({
      iss: app.server.issuer,
      sub: 'alice',
      email: 'victim@example.test',
    });
  });

  test(`${kind}: only invalid_grant ends a session; a provider that is not well does not`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(3_700);
    app.server.fail('token', { status: 503 });
    const unwell = await app.sessions.open(browser.header());
    await expect(unwell.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    expect(unwell.session).toBeDefined();
    expect(unwell.cookies).toEqual([]);
    app.server.endGrants();
    const ended = await app.sessions.open(browser.header());
    await expect(ended.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(ended.session).toBeUndefined();
    expect(ended.cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([['__Host-session', 0]]);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
  });

  test(`${kind}: what the application keeps in the session survives refreshes`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const opened = await app.sessions.open(browser.header());
    const session = await opened.update((data) => ({ ...data, theme: 'dark' }));
    expect(session.data).toEqual({ theme: 'dark' });
    app.server.clock.advance(3_590);
    await opened.getAccessToken();
    const header =
      kind === 'stored'
        ? browser.header()
        : opened.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    expect((await app.sessions.open(header)).session?.data).toEqual({ theme: 'dark' });
  });

  test(`S4, ${kind}: no answer of a route may be kept by a cache`, async () => {
    const app = await start({ accessTokenRoute: true });
    const browser = app.open();
    const answers = [await browser.logIn()];
    for (const path of [
      '/auth/session',
      '/auth/access-token',
      '/auth/logout',
      '/auth/login',
      '/auth/callback',
    ]) {
      answers.push(await browser.visit(path, { headers: ownOrigin }));
      answers.push(await browser.visit(path, { method: 'PUT', headers: html }));
    }
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('private, no-store');
      expect(headers.get('vary')).toBe('Cookie');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
}

test('a refresh token of a cookie session is never spent where no cookie can be set; a stored one may be', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_610);
  const page = await app.sessions.open(browser.header(), { writable: false });
  await expect(page.getAccessToken()).rejects.toMatchObject({ code: 'wrong_context' });
  expect(app.server.requestsTo('token')).toHaveLength(1);

  const stored = await createWebApp(kinds.stored());
  const other = stored.open();
  await other.logIn();
  stored.server.clock.advance(3_610);
  const opened = await stored.sessions.open(other.header(), { writable: false });
  expect((await opened.getAccessToken()).accessToken).toBeTruthy();
});

test('late requests with the old cookie are given the same tokens and the same Set-Cookie', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_590);
  const opened = await Promise.all(Array.from({ length: 20 }, () => app.sessions.open(browser.header())));
  const tokens = await Promise.all(opened.map((each) => each.getAccessToken()));
  const late = await app.sessions.open(browser.header());
  tokens.push(await late.getAccessToken());
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  const cookies = [...opened, late].map((each) => each.cookies.map(({ name, value }) => name + value).join());
  expect(new Set(cookies).size).toBe(1);
  expect(app.server.requestsTo('token')).toHaveLength(2);
});

test('S16: a generation that the sealed session does not name is no session', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const [name = '', value = ''] = [...browser.cookies][0] ?? [];
  expect((await app.sessions.open(`${name}=${value}`)).session).toBeDefined();
  expect((await app.sessions.open(`${name}=AAAAAAAA${value.slice(8)}`)).session).toBeUndefined();
});

test('S15: a session that has ended meanwhile is not written again', async () => {
  for (const options of [{}, kinds.stored()]) {
    const app = await createWebApp(options);
    const browser = app.open();
    await browser.logIn();
    const opened = await app.sessions.open(browser.header());
    await browser.visit('/auth/logout', { method: 'POST', headers: ownOrigin });
    await expect(opened.update(() => ({ late: true }))).rejects.toMatchObject({ code: 'session_ended' });
    expect(opened.cookies).toEqual([]);
  }
});

test('S10: a session of one provider or client is none at another that has the same secret', async () => {
  for (const options of [{}, { store: createMemorySessionStore() }]) {
    const app = await createWebApp(options);
    const other = await createWebApp(options, { server: { issuer: 'https://other.example.test' } });
    const client = await createWebApp(options, { at: app.server, client: { clientId: 'app' } });
    const browser = app.open();
    await browser.logIn();
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
    for (const { sessions } of [other, client]) {
      expect((await sessions.open(browser.header())).session).toBeUndefined();
    }
  }
});

test('S9: a store that is away means no session, and no cookie is deleted', async () => {
  const store = createMemorySessionStore();
  const app = await createWebApp({ store });
  const browser = app.open();
  await browser.logIn();
  store.get = () => Promise.reject(new Error('connection refused'));
  const opened = await app.sessions.open(browser.header());
  expect(opened.session).toBeUndefined();
  expect(opened.cookies).toEqual([]);
  expect(await (await browser.visit('/auth/session')).json()).toEqual({ session: null });
  expect(app.events).toContainEqual({ type: 'store.unavailable', port: 'session' });
});

test('S9: a stored record that was tampered with, or moved to another key, is no session', async () => {
  const records = new Map<string, { value: string }>();
  const memory = createMemorySessionStore();
  const store = {
    ...memory,
    get: async (key: string) => {
      const record = await memory.get(key);
      return record && { ...record, ...records.get(key) };
    },
    set: async (...[key, record, version]: Parameters<typeof memory.set>) => {
      keys.push([key, record.value]);
      return memory.set(key, record, version);
    },
  };
  const keys: [string, string][] = [];
  const app = await createWebApp({ store });
  const [alice, bob] = [app.open(), app.open()];
  await alice.logIn();
  app.server.signIn('bob');
  await bob.logIn();
  const [[aliceKey, aliceValue], [, bobValue]] = keys as [[string, string], [string, string]];
  records.set(aliceKey, { value: bobValue });
  expect((await app.sessions.open(alice.header())).session).toBeUndefined();
  records.set(aliceKey, { value: aliceValue });
  expect((await app.sessions.open(alice.header())).session?.user.sub).toBe('alice');
});

test('S8: the store knows the hash of the identifier only', async () => {
  const keys: string[] = [];
  const store = createMemorySessionStore();
  const app = await createWebApp({
    store: {
      ...store,
      set: (key, record, version) => {
        keys.push(key + record.value);
        return store.set(key, record, version);
      },
    },
  });
  const browser = app.open();
  await browser.logIn();
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain(browser.cookies.get('__Host-session'));
});

test('S11: malformed requests are answered, and never thrown', { timeout: 60_000 }, async () => {
  const app = await createWebApp();
  const values = [
    '%',
    '%E0%A4%A',
    '\u0000',
    '[]',
    '"',
    '~~',
    'AAAAAAAA~9~x',
    `AAAAAAAA~1~${'.'.repeat(50)}`,
    'x'.repeat(9_000),
  ];
  for (const value of values) {
    for (const path of ['/auth/session', '/auth/login', '/auth/callback', '/auth/logout']) {
      const query = new URLSearchParams({
        returnTo: value,
        state: value,
        code: value,
        iss: path === '/auth/login' ? app.server.issuer : value,
      });
      const browser = app.open(
        new Map([
          ['__Host-session', value.replace('\u0000', '')],
          ['__Host-session.1', '~'],
          [`__Host-login.${value.slice(0, 16).replace('\u0000', '')}`, '~'],
        ]),
      );
      const response = await browser.visit(`${path}?${query}`);
      expect(response.status, `${path} ${value}`).toBeLessThan(500);
    }
  }
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  expect((await app.open().visit('/auth/callback', { ...form, body: 'x'.repeat(100_000) })).status).toBe(400);
  expect((await app.open().visit('/auth/callback', { method: 'POST', body: '{}' })).status).toBe(400);
});

test('misuse fails at once, with the remedy', async () => {
  const client = createClient({ issuer: 'https://op.example', clientId: 'web', scope: 'openid' });
  const make = (options: object) => () => createWebSessions(client, { secret, baseUrl, ...options });
  expect(make({ baseUrl: 'http://app.example' })).toThrow(/must be https/);
  expect(make({ baseUrl: '/app' })).toThrow(/application's address/);
  expect(make({ secret: 'short' })).toThrow(/32 characters/);
  expect(make({ idleLife: 0 })).toThrow(/idleLife/);
  expect(make({ cookie: { name: 'a b' } })).toThrow(/cookie name/);
  const withoutOpenid = createClient({ issuer: 'https://op.example', clientId: 'web', scope: 'email' });
  expect(() => createWebSessions(withoutOpenid, { secret, baseUrl })).toThrow(/lacks openid/);
});

async function storedLives(app: WebApp): Promise<void> {
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(1_001);
  expect((await app.sessions.open(browser.header())).session).toBeUndefined();
}

function claimsOf(jwt: string): { sub?: string } {
  return decodeJwt(jwt);
}

const serialized = ({ name, value, maxAge }: { name: string; value: string; maxAge: number }) =>
  `${name}=${value}; Max-Age=${maxAge}`;
