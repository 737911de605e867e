// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import type { Session } from '../../src/session/index.ts';
import {
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type TestBrowser,
} from '../support/web-browser.ts';

const hour = 3_600;
const readSession = async (browser: TestBrowser, query = ''): Promise<Session | null> =>
  (await (await browser.visit(`/auth/session${query}`)).json()).session;

for (const kind of sessionKinds) {
  test.each([
    [{ absoluteLifetime: 100_000 / 3 }, 33_333],
    [{ idleLifetime: 50.5 }, 50],
    [{ idleLifetime: 1.9, absoluteLifetime: 1.9 }, 1],
  ])(`${kind}: rounds the lifetimes %j down to whole seconds`, async (lifetimes, lifetime) => {
    const app = await createWebApp({ ...createSessionOptions(kind), ...lifetimes });
    app.server.clock.stop();
    const browser = app.open();
    expect((await browser.logIn()).status).toBe(303);
    const { session } = await app.sessions.open(browser.header());
    expect((session?.expiresAt ?? 0) - (session?.createdAt ?? 0)).toBe(lifetime);
  });

  test.each([
    [{ idleLifetime: hour }, hour],
    [{ absoluteLifetime: hour }, hour],
    [{ idleLifetime: 2 * hour, absoluteLifetime: 3 * hour }, 2 * hour],
  ])(
    `S3, ${kind}: applies the current lifetimes %j to a session that began with longer ones`,
    async (shorterLifetimes, lifetime) => {
      const options = createSessionOptions(kind);
      const app = await createWebApp(options);
      app.server.clock.stop();
      const browser = app.open();
      await browser.logIn();
      const newDeployment = await createWebApp({ ...options, ...shorterLifetimes }, { at: app.server });
      const open = async () => (await newDeployment.sessions.open(browser.header())).session;
      expect((await open())?.expiresAt).toBe(Math.floor(app.server.clock.now() / 1000) + lifetime);
      app.server.clock.advance(lifetime - 1);
      expect(await open()).toBeDefined();
      app.server.clock.advance(1);
      expect(await open()).toBeUndefined();
      // The previous deployment may still run.
      expect((await app.sessions.open(browser.header())).session).toBeDefined();
    },
  );

  test(`S3, ${kind}: longer lifetimes of a new deployment do not restore an expired session`, async () => {
    const options = createSessionOptions(kind);
    const app = await createWebApp({ ...options, idleLifetime: hour });
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(hour);
    const newDeployment = await createWebApp({ ...options, idleLifetime: 9 * hour }, { at: app.server });
    expect((await newDeployment.sessions.open(browser.header())).session).toBeUndefined();
  });

  for (const accessTokenLifetime of [hour, 600, 60]) {
    for (const path of ['/auth/session', '/auth/access-token']) {
      test(`${kind}: a session that is used every 10 minutes at ${path}, with tokens of ${accessTokenLifetime} s, does not expire`, async () => {
        const server = await createTestAuthorizationServer({ accessTokenLifetime });
        const options = { ...createSessionOptions(kind), idleLifetime: 2 * hour, accessTokenRoute: true };
        const app = await createWebApp(options, { at: server });
        const browser = app.open();
        await browser.logIn();
        for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
          server.clock.advance(600);
          const headers = { 'sec-fetch-site': 'same-origin' };
          expect((await browser.visit(path, { headers })).status, `after ${minutes} minutes`).toBe(200);
          expect(await readSession(browser, '?extend=false'), `after ${minutes} minutes`).not.toBeNull();
        }
      });
    }
  }

  test.each([
    ['is unavailable', 503, ''],
    ['rejects the credentials of the client', 401, '{"error":"invalid_client"}'],
    ['rejects the refresh without the reason', 400, '{"error":"invalid_request"}'],
    ['rejects the refresh without a body', 403, ''],
    ['requires an interaction', 400, '{"error":"interaction_required"}'],
    ['sends a response that is not valid', 200, '{}'],
  ])(`${kind}: records the use of a session while the provider %s`, async (_case, status, body) => {
    const app = await createWebApp({ ...createSessionOptions(kind), idleLifetime: 2 * hour });
    const browser = app.open();
    await browser.logIn();
    const headers = { 'content-type': 'application/json' };
    app.server.fail('token', { status, body, headers, times: 10_000 });
    for (let minutes = 0; minutes < 12 * 60; minutes += 10) {
      app.server.clock.advance(600);
      expect(await readSession(browser), `after ${minutes} minutes`).not.toBeNull();
    }
  });

  test(`${kind}: a rejected refresh that ends the login records no use`, async () => {
    const options = { ...createSessionOptions(kind), idleLifetime: 2 * hour, accessTokenRoute: true };
    const app = await createWebApp(options);
    const browser = app.open();
    await browser.logIn();
    app.server.fail('token', {
      status: 400,
      body: '{"error":"invalid_grant"}',
      headers: { 'content-type': 'application/json' },
      times: 10_000,
    });
    app.server.clock.advance(1.5 * hour);
    const response = await browser.visit('/auth/access-token', {
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(response.status).not.toBe(200);
    expect(await readSession(browser)).toBeNull();
  });

  test(`${kind}: reports the expiry of a session, and extends it only with the parameter "extend"`, async () => {
    const app = await createWebApp({
      ...createSessionOptions(kind),
      idleLifetime: hour,
      absoluteLifetime: 1.5 * hour,
    });
    app.server.clock.stop();
    const browser = app.open();
    await browser.logIn();
    const createdAt = Math.floor(app.server.clock.now() / 1000);
    const endsAt = createdAt + 1.5 * hour;
    expect(await readSession(browser)).toMatchObject({ createdAt, expiresAt: createdAt + hour, endsAt });
    app.server.clock.advance(100);
    // A use is recorded only after a tenth of the idle lifetime has passed.
    expect(await readSession(browser)).toMatchObject({ expiresAt: createdAt + hour, endsAt });
    expect(await readSession(browser, '?extend=true')).toMatchObject({
      expiresAt: createdAt + 100 + hour,
      endsAt,
    });
    app.server.clock.advance(hour - 30);
    const response = await browser.visit('/auth/session?extend=false');
    expect(response.headers.getSetCookie()).toEqual([]);
    const body = await response.json();
    expect(body.now).toBe(createdAt + hour + 70);
    expect(body.session.expiresAt - body.now).toBe(30);
    // The absolute lifetime is not extended.
    expect(await readSession(browser, '?extend=true')).toMatchObject({ expiresAt: endsAt, endsAt });
  });
}

test('a use near the expiry of the access token does not restore a spent refresh token', async () => {
  const app = await createWebApp({ idleLifetime: 2 * hour });
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_700);
  const copy = app.open(new Map(browser.cookies));
  // Both requests have the same expired access token. They share one refresh, and set the same cookie.
  const [used, refreshed] = await Promise.all([
    readSession(copy),
    app.sessions.open(browser.header()).then((each) => each.getAccessToken()),
  ]);
  expect(used).not.toBeNull();
  expect(refreshed.accessToken).toBeTruthy();
  expect(app.server.requestsTo('token')).toHaveLength(2);
  app.server.clock.advance(3_700);
  expect((await (await app.sessions.open(copy.header())).getAccessToken()).accessToken).toBeTruthy();
});

for (const kind of sessionKinds) {
  test.each(['/auth/session', '/auth/session?extend=true', '/auth/access-token'])(
    `S3, ${kind}: a prefetch of %s does not extend the idle lifetime`,
    async (path) => {
      const prefetches: RequestInit['headers'][] = [
        { 'sec-purpose': 'prefetch;prerender' },
        { purpose: 'prefetch' },
        { 'x-moz': 'prefetch' },
        {},
      ];
      for (const headers of prefetches) {
        const app = await createWebApp({
          ...createSessionOptions(kind),
          idleLifetime: 100,
          accessTokenRoute: true,
        });
        const browser = app.open();
        await browser.logIn();
        for (let count = 0; count < 2; count++) {
          app.server.clock.advance(55);
          const router = { isPrefetch: Object.keys(headers ?? {}).length === 0, isRouterFetch: false };
          await browser.visit(path, { headers: { ...headers, 'sec-fetch-site': 'same-origin' } }, router);
        }
        expect(await readSession(browser), JSON.stringify(headers)).toBeNull();
      }
    },
  );
}

test.each([0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])(
  'rejects a lifetime of %d seconds',
  async (lifetime) => {
    const error = {
      code: 'invalid_option',
      message: `"idleLifetime" is ${lifetime}, expected at least 1 second.`,
    };
    await expect(createWebApp({ idleLifetime: lifetime })).rejects.toMatchObject(error);
  },
);
