// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  secret,
  sessionKinds,
} from '../../tests/support/web-browser.ts';
import { createClient } from '../index.ts';
import { createWebSessions } from './index.ts';

const html = { accept: 'text/html' };
const sameOrigin = { origin: baseUrl };

for (const kind of sessionKinds) {
  const start = (...[options, more]: Parameters<typeof createWebApp>) =>
    createWebApp({ ...createSessionOptions(kind), ...options }, more);

  test(`${kind}: redirects to returnTo after login, and returns the session of the user`, async () => {
    const app = await start();
    const browser = app.open();
    const response = await browser.logIn('/auth/login?returnTo=/reports%3Fyear=2026');
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/reports?year=2026');
    const { session } = await (await browser.visit('/auth/session')).json();
    expect(session.user).toMatchObject({ iss: app.server.issuer, sub: 'alice' });
    expect(JSON.stringify(session)).not.toMatch(/eyJ|nonce|at_hash/);
    expect([...browser.cookies.keys()].sort()).toEqual(['__Host-session', '__Host-session.completed']);
  });

  test(`${kind}: reports a missing session in all functions and routes`, async () => {
    const app = await start({ accessTokenRoute: true });
    const browser = app.open();
    expect(await (await browser.visit('/auth/session')).json()).toEqual({ session: null });
    const requestSession = await app.sessions.open('');
    expect(requestSession.session).toBeUndefined();
    await expect(requestSession.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    expect((await browser.visit('/auth/access-token', { headers: sameOrigin })).status).toBe(401);
  });

  test(`${kind}: refreshes an expired access token, and sets the cookie`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    for (let round = 1; round <= 3; round++) {
      app.server.clock.advance(3_590);
      const requestSession = await app.sessions.open(browser.header());
      const { expiresAt = 0 } = await requestSession.getAccessToken();
      expect(expiresAt * 1000).toBeGreaterThan(app.server.clock.now());
      browser.take(
        new Response(null, {
          headers: requestSession.cookies.map(
            (cookie) => ['set-cookie', serialize(cookie)] as [string, string],
          ),
        }),
      );
      expect(app.server.requestsTo('token')).toHaveLength(1 + round);
    }
  });

  test(`S5, ${kind}: returns only tokens of their user to concurrent requests`, async () => {
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
    const responses = await Promise.all(
      calls.map(async ({ sub, browser }) => {
        const requestSession = await app.sessions.open(browser.header());
        const { accessToken } = await requestSession.getAccessToken();
        return { sub, session: requestSession.session?.user.sub, token: readClaims(accessToken).sub };
      }),
    );
    for (const { sub, session, token } of responses) expect([session, token]).toEqual([sub, sub]);
    // 12 logins and 12 refreshes.
    expect(app.server.requestsTo('token')).toHaveLength(24);
  });

  test(`S7, ${kind}: returns only tokens of their user to concurrent refreshes that need a DPoP nonce`, async () => {
    const keyPair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const app = await start(
      {},
      { client: { dpop: { keyPair } }, server: { dpopNonce: true, accessTokenLifetime: 60 } },
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
        expect(readClaims(accessToken).sub).toBe(sub);
      }),
    );
  });

  test(`S17, ${kind}: identifies the user by iss and sub, not by userinfo or email`, async () => {
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

  test(`${kind}: retains the application's data across refreshes`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    const session = await requestSession.update((data) => ({ ...data, theme: 'dark' }));
    expect(session.data).toEqual({ theme: 'dark' });
    app.server.clock.advance(3_590);
    await requestSession.getAccessToken();
    const header =
      kind === 'stored'
        ? browser.header()
        : requestSession.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    expect((await app.sessions.open(header)).session?.data).toEqual({ theme: 'dark' });
  });

  test(`S4, ${kind}: marks the response of every route as not cacheable`, async () => {
    const app = await start({ accessTokenRoute: true });
    const browser = app.open();
    const responses = [await browser.logIn()];
    for (const path of [
      '/auth/session',
      '/auth/access-token',
      '/auth/logout',
      '/auth/login',
      '/auth/callback',
    ]) {
      responses.push(await browser.visit(path, { headers: sameOrigin }));
      responses.push(await browser.visit(path, { method: 'PUT', headers: html }));
    }
    for (const { headers } of responses) {
      expect(headers.get('cache-control')).toBe('private, no-store');
      expect(headers.get('vary')).toBe('Cookie');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
}

test('disables the access-token route by default, and restricts it to this application', async () => {
  const appWithoutRoute = await createWebApp();
  expect((await appWithoutRoute.open().visit('/auth/access-token', { headers: sameOrigin })).status).toBe(
    404,
  );
  const app = await createWebApp({ accessTokenRoute: true });
  const browser = app.open();
  await browser.logIn();
  expect(
    (await browser.visit('/auth/access-token', { headers: { origin: 'https://evil.example' } })).status,
  ).toBe(403);
  const { accessToken } = await (
    await browser.visit('/auth/access-token', { headers: { 'sec-fetch-site': 'same-origin' } })
  ).json();
  expect(accessToken).toMatch(/^eyJ/);
});

test('writes no secret into events, errors or pages', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_700);
  app.server.endGrants();
  const requestSession = await app.sessions.open(browser.header());
  const error = await requestSession.getAccessToken().catch((reason: unknown) => reason);
  const texts = [JSON.stringify(app.events), String(error), JSON.stringify(error)];
  for (const text of texts) expect(text).not.toMatch(new RegExp(`eyJ|web-secret|${secret}`));
});

test('rejects invalid options immediately, and names the remedy', async () => {
  const client = createClient({ issuer: 'https://op.example', clientId: 'web', scope: 'openid' });
  const make = (options: object) => () => createWebSessions(client, { secret, baseUrl, ...options });
  expect(make({ baseUrl: 'http://app.example' })).toThrow(/expected https/);
  expect(make({ baseUrl: '/app' })).toThrow(/expected the URL of the application/);
  expect(make({ secret: 'short' })).toThrow(/at least 32 random characters/);
  expect(make({ idleLifetime: 0 })).toThrow(/idleLifetime/);
  expect(make({ cookie: { name: 'a b' } })).toThrow(/"cookie.name" is "a b"/);
  const withoutOpenid = createClient({ issuer: 'https://op.example', clientId: 'web', scope: 'email' });
  expect(() => createWebSessions(withoutOpenid, { secret, baseUrl })).toThrow(
    /expected it to contain "openid"/,
  );
});

function readClaims(jwt: string): { sub?: string } {
  return decodeJwt(jwt);
}

const serialize = ({ name, value, maxAge }: { name: string; value: string; maxAge: number }) =>
  `${name}=${value}; Max-Age=${maxAge}`;
