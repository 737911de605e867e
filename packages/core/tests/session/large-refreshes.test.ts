// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.

import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test, vi } from 'vitest';
import { parseJwtPart } from '../../src/internal/json/jwt-part.ts';
import { createWebApp, type TestBrowser, type WebApp } from '../support/web-browser.ts';

// A refresh response that does not fit in the session cookie. The refresh token in it is the only valid one.

interface TokenResponseBody {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
}

/** Changes a refresh response. `mint` signs an ID token with further claims. */
type RefreshChange = (
  body: TokenResponseBody,
  mint: (claims: Record<string, unknown>) => Promise<string>,
) => Promise<Partial<TokenResponseBody>> | Partial<TokenResponseBody>;

const suffix = '.longer';
const createError = () => new Error('no ID token');

/** Starts an application whose provider issues opaque access tokens, and responds to refreshes with other values. */
async function start(change: RefreshChange) {
  const server = await createTestAuthorizationServer({ accessTokenFormat: 'opaque' });
  const createApp = () =>
    createWebApp(
      {},
      {
        at: server,
        client: {
          retries: 0,
          fetch: async (url, init) => {
            const isTokenRequest = url.endsWith('/token');
            const sentBody = String(init?.body ?? '').replace(/\.longer[^&]*/, '');
            const response = await server.fetch(url, isTokenRequest ? { ...init, body: sentBody } : init);
            if (!isTokenRequest || !response.ok || !sentBody.includes('grant_type=refresh_token'))
              return response;
            const body = (await response.json()) as TokenResponseBody;
            const { at_hash: _, ...claims } = parseJwtPart(body.id_token.split('.')[1] as string, {
              createError,
            });
            const mint = (more: Record<string, unknown>) => server.mintIdToken({ ...claims, ...more });
            return Response.json({ ...body, ...(await change(body, mint)) });
          },
        },
      },
    );
  const app = await createApp();
  const browser = app.open();
  await browser.logIn();
  return { app, browser, createApp };
}

/** Requests an access token in a new request. */
async function getToken({ sessions }: WebApp, browser: TestBrowser) {
  const requestSession = await sessions.open(browser.header());
  try {
    return { ...(await requestSession.getAccessToken()), session: requestSession.session, requestSession };
  } finally {
    takeCookies(browser, requestSession.cookies);
  }
}

function takeCookies(
  { cookies }: TestBrowser,
  changes: readonly { readonly name: string; readonly value: string; readonly maxAge: number }[],
) {
  for (const { name, value, maxAge } of changes) {
    if (maxAge === 0) cookies.delete(name);
    else cookies.set(name, value);
  }
}

/** Stores as much data of the application as the session accepts. */
async function fillData({ sessions }: WebApp, browser: TestBrowser) {
  let [accepted, rejected] = [0, 7_000];
  while (rejected - accepted > 1) {
    const length = Math.floor((accepted + rejected) / 2);
    const requestSession = await sessions.open(browser.header());
    const isAccepted = await requestSession
      .update(() => ({ text: 'x'.repeat(length) }))
      .then(
        () => true,
        () => false,
      );
    if (isAccepted) accepted = length;
    else rejected = length;
  }
  const requestSession = await sessions.open(browser.header());
  await requestSession.update(() => ({ text: 'x'.repeat(accepted) }));
  takeCookies(browser, requestSession.cookies);
  return accepted;
}

const groups = Array.from({ length: 400 }, (_, number) => `group-${number}`);

test('keeps the previous ID token if the claims of a new one do not fit, and stores the other tokens', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { app, browser, createApp } = await start(async (_, mint) => ({ id_token: await mint({ groups }) }));
  app.server.clock.advance(4_000);
  const { session, accessToken, requestSession } = await getToken(app, browser);
  const ignored = {
    type: 'id_token.ignored',
    issuer: app.server.issuer,
    clientId: 'web',
    code: 'cookies_too_large',
  };
  expect(app.events.filter(({ type }) => /ignored|unavailable|omitted/.test(type))).toEqual([ignored]);
  expect(session?.user).not.toHaveProperty('groups');
  // The same request can change its session.
  await requestSession.update(() => ({ step: 1 }));
  takeCookies(browser, requestSession.cookies);
  const other = await createApp();
  const stored = await getToken(other, browser);
  expect(stored.accessToken).toBe(accessToken);
  expect(stored.session).toMatchObject({ user: { sub: 'alice' }, data: { step: 1 } });
  expect(stored.session?.user).not.toHaveProperty('groups');
  app.server.clock.advance(4_000);
  expect((await getToken(other, browser)).accessToken).not.toBe(accessToken);
});

test('keeps the new ID token if only the access token does not fit', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { app, browser } = await start(async (_, mint) => ({
    access_token: 'x'.repeat(7_000),
    id_token: await mint({ groups: ['staff'] }),
  }));
  app.server.clock.advance(4_000);
  await getToken(app, browser);
  expect((await app.sessions.open(browser.header())).session?.user.groups).toEqual(['staff']);
  expect(app.events.map(({ type }) => type)).not.toContain('id_token.ignored');
});

test.each([200, 400])(
  'data of the application leaves room for a refresh token that has %i characters more',
  async (more) => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const { app, browser, createApp } = await start(({ refresh_token }) => ({
      refresh_token: refresh_token + suffix.padEnd(more, 'r'),
    }));
    const length = await fillData(app, browser);
    app.server.clock.advance(4_000);
    const { accessToken } = await getToken(app, browser);
    expect(app.events.map(({ type }) => type)).not.toContain('store.unavailable');
    const other = await createApp();
    const stored = await getToken(other, browser);
    expect(stored.accessToken).toBe(accessToken);
    expect(stored.session?.data.text).toHaveLength(length);
    // Data that becomes smaller is accepted, although there is less room than before.
    const requestSession = await other.sessions.open(browser.header());
    await requestSession.update(() => ({ text: 'x'.repeat(length - 1) }));
    app.server.clock.advance(4_000);
    expect((await getToken(other, browser)).accessToken).not.toBe(accessToken);
  },
);

test('reports a refresh token that does not fit as an error of the configuration, and keeps it in this process', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { app, browser } = await start(({ refresh_token }) => ({
    refresh_token: refresh_token + suffix.padEnd(7_000, 'r'),
  }));
  app.server.clock.advance(4_000);
  for (let count = 0; count < 2; count++)
    await expect(getToken(app, browser)).rejects.toMatchObject({ code: 'cookies_too_large' });
  expect(app.events.map(({ type }) => type)).not.toContain('store.unavailable');
  expect(app.server.requestsTo('token')).toHaveLength(2);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
});
