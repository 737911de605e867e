// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { none } from '../../../src/index.ts';
import { baseUrl, createWebApp, type TestBrowser, type WebApp } from '../../support/web-browser.ts';

// Several applications on one host share the cookies of a browser: zones below paths, or ports of localhost.

const secrets = {
  a: 'the secret of the first application, with 32 characters or more',
  b: 'the secret of the second application, with 32 characters or more',
};

async function openZones(names: { readonly a: string; readonly b: string }) {
  const open = (zone: 'a' | 'b', more: Parameters<typeof createWebApp>[1] = {}) =>
    createWebApp(
      { baseUrl: `${baseUrl}/${zone}`, secret: secrets[zone], cookie: { name: names[zone] } },
      {
        ...more,
        server: { clients: ['web-a', 'web-b'].map((clientId) => ({ clientId })) },
        client: { clientId: `web-${zone}`, clientAuthentication: none() },
      },
    );
  const a = await open('a');
  const b = await open('b', { at: a.server });
  const cookies = new Map<string, string>();
  const browsers = { a: a.open(cookies), b: b.open(cookies) };
  return { a, b, browsers, cookies, server: a.server };
}

const start = async (browser: TestBrowser, path: string) =>
  (await browser.visit(path)).headers.get('location') ?? '';

async function finish({ server }: WebApp, browser: TestBrowser, location: string) {
  const { url } = await server.authorize(location);
  return browser.visit(url.pathname + url.search);
}

const readUser = async (app: WebApp, cookies: Map<string, string>) =>
  (await app.sessions.open([...cookies].map(([name, value]) => `${name}=${value}`).join('; '))).session?.user
    .sub;

for (const names of [
  { a: 'shop', b: 'admin' },
  { a: 'session', b: 'session-b' },
  { a: 'app', b: 'app-1' },
]) {
  test(`logins with the cookie names "${names.a}" and "${names.b}" are independent`, async () => {
    const { a, b, browsers, cookies } = await openZones(names);
    // One login begins at A, several begin at B, then the login at A is completed.
    const loginAtA = await start(browsers.a, '/a/auth/login?returnTo=/a/wanted');
    const loginsAtB: string[] = [];
    for (let count = 0; count < 8; count++)
      loginsAtB.push(await start(browsers.b, `/b/auth/login?returnTo=/b/${count}`));
    expect((await finish(a, browsers.a, loginAtA)).headers.get('location')).toBe('/a/wanted');
    expect((await finish(b, browsers.b, loginsAtB.at(-1) ?? '')).headers.get('location')).toBe('/b/7');
    expect([await readUser(a, cookies), await readUser(b, cookies)]).toEqual(['alice', 'alice']);
    // A logout at A does not end the session at B.
    await browsers.a.visit('/a/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    expect([await readUser(a, cookies), await readUser(b, cookies)]).toEqual([undefined, 'alice']);
  });
}

test('applications with the same cookie name keep the pending logins of other applications', async () => {
  const { a, b, browsers } = await openZones({ a: 'session', b: 'session' });
  const loginAtA = await start(browsers.a, '/a/auth/login?returnTo=/a/wanted');
  const loginsAtB: string[] = [];
  for (let count = 0; count < 12; count++) loginsAtB.push(await start(browsers.b, '/b/auth/login'));
  expect((await finish(a, browsers.a, loginAtA)).headers.get('location')).toBe('/a/wanted');
  expect((await finish(b, browsers.b, loginsAtB.at(-1) ?? '')).status).toBe(303);
});

const [oldSecret, newSecret] = [secrets.a, secrets.b];

/** Starts two processes of one deployment with different lists of secrets. */
async function openProcesses(first: readonly string[], second: readonly string[]) {
  const one = await createWebApp({ secret: first });
  const two = await createWebApp({ secret: second }, { at: one.server });
  return { one, two };
}

test('in each step of a secret rotation, both processes accept all logins and sessions', async () => {
  for (const [first, second] of [
    // Each step of a rolling deployment: one process has the new configuration, the other one not yet.
    [[oldSecret], [oldSecret, newSecret]],
    [
      [oldSecret, newSecret],
      [newSecret, oldSecret],
    ],
    [[newSecret, oldSecret], [newSecret]],
  ] as const) {
    const { one, two } = await openProcesses(first, second);
    for (const [begin, end] of [
      [one, two],
      [two, one],
    ] as const) {
      // Each process begins a login that the other one completes.
      const cookies = new Map<string, string>();
      const location = await start(begin.open(cookies), '/auth/login?returnTo=/wanted');
      expect((await finish(end, end.open(cookies), location)).headers.get('location')).toBe('/wanted');
      expect([await readUser(one, cookies), await readUser(two, cookies)]).toEqual(['alice', 'alice']);
    }
  }
});

test('a process without the new secret rejects sessions that another process encrypted with it', async () => {
  const { one, two } = await openProcesses([oldSecret], [newSecret, oldSecret]);
  const cookies = new Map<string, string>();
  await finish(two, two.open(cookies), await start(two.open(cookies), '/auth/login'));
  // For this reason, the documented rotation adds the new secret at the end first.
  expect([await readUser(one, cookies), await readUser(two, cookies)]).toEqual([undefined, 'alice']);
});
