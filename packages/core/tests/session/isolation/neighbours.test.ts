// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { none } from '../../../src/index.ts';
import { baseUrl, createWebApp, type TestBrowser, type WebApp } from '../../support/web-browser.ts';

// Several applications on one host share the cookies of a browser: zones below paths, or ports of localhost.

const secrets = {
  a: 'the secret of the first application, long enough',
  b: 'the secret of the second application, long enough',
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
  test(`logins of "${names.a}" and "${names.b}" do not affect each other`, async () => {
    const { a, b, browsers, cookies } = await openZones(names);
    // Begun at A, then at B several times, finished at A.
    const atA = await start(browsers.a, '/a/auth/login?returnTo=/a/wanted');
    const atB: string[] = [];
    for (let count = 0; count < 8; count++)
      atB.push(await start(browsers.b, `/b/auth/login?returnTo=/b/${count}`));
    expect((await finish(a, browsers.a, atA)).headers.get('location')).toBe('/a/wanted');
    expect((await finish(b, browsers.b, atB.at(-1) ?? '')).headers.get('location')).toBe('/b/7');
    expect([await readUser(a, cookies), await readUser(b, cookies)]).toEqual(['alice', 'alice']);
    // A logout at A ends nothing at B.
    await browsers.a.visit('/a/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    expect([await readUser(a, cookies), await readUser(b, cookies)]).toEqual([undefined, 'alice']);
  });
}

test('applications with the same cookie name do not delete pending logins of each other', async () => {
  const { a, b, browsers } = await openZones({ a: 'session', b: 'session' });
  const atA = await start(browsers.a, '/a/auth/login?returnTo=/a/wanted');
  const atB: string[] = [];
  for (let count = 0; count < 12; count++) atB.push(await start(browsers.b, '/b/auth/login'));
  expect((await finish(a, browsers.a, atA)).headers.get('location')).toBe('/a/wanted');
  expect((await finish(b, browsers.b, atB.at(-1) ?? '')).status).toBe(303);
});

const [oldSecret, newSecret] = [secrets.a, secrets.b];

/** Two processes of one deployment, with the secrets that each of them has. */
async function openProcesses(first: readonly string[], second: readonly string[]) {
  const one = await createWebApp({ secret: first });
  const two = await createWebApp({ secret: second }, { at: one.server });
  return { one, two };
}

test('two processes accept the logins and sessions of each other in each step of a secret rotation', async () => {
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
      // In the last step, only sessions of processes that still have the old secret are left.
      const cookies = new Map<string, string>();
      const location = await start(begin.open(cookies), '/auth/login?returnTo=/wanted');
      expect((await finish(end, end.open(cookies), location)).headers.get('location')).toBe('/wanted');
      expect([await readUser(one, cookies), await readUser(two, cookies)]).toEqual(['alice', 'alice']);
    }
  }
});

test('a new secret in front of the old one in one step breaks logins between the processes', async () => {
  const { one, two } = await openProcesses([oldSecret], [newSecret, oldSecret]);
  const cookies = new Map<string, string>();
  await finish(two, two.open(cookies), await start(two.open(cookies), '/auth/login'));
  // The documented order exists because of this.
  expect([await readUser(one, cookies), await readUser(two, cookies)]).toEqual([undefined, 'alice']);
});
