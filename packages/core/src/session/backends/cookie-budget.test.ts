// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { createWebApp, type TestBrowser, type WebApp } from '../../../tests/support/web-browser.ts';
import type { ClientSettings } from '../../index.ts';
import type { CookieToSet, StartLoginOptions, WebSessionOptions } from '../index.ts';

// One budget applies to all cookies of an application: the session, its chunks and pending logins.

/** Counts the bytes of the cookies in a Cookie header. */
const countBytes = ({ cookies }: TestBrowser, prefix = '') =>
  [...cookies]
    .filter(([name]) => name.startsWith(prefix))
    .reduce((bytes, [name, value]) => bytes + `${name}=${value}; `.length, 0);

function take({ cookies }: TestBrowser, changes: readonly CookieToSet[]) {
  for (const { name, value, maxAge } of changes) {
    if (maxAge === 0) cookies.delete(name);
    else cookies.set(name, value);
  }
}

/** Requests a token in a new request, as a page does. */
async function getToken({ sessions }: WebApp, browser: TestBrowser, resource?: string) {
  const requestSession = await sessions.open(browser.header());
  try {
    return await requestSession.getAccessToken({ resource });
  } finally {
    take(browser, requestSession.cookies);
  }
}

/** Starts an application whose access tokens are longer by a number of characters. */
async function open(padding: { length: number }) {
  const app = await createWebApp(
    {},
    {
      // The tests change the access token.
      server: { faults: ['id_token_at_hash_missing'] },
      client: {
        fetch: async (url, init) => {
          const response = await app.server.fetch(url, init);
          if (!String(url).endsWith('/token') || !response.ok) return response;
          const body = (await response.json()) as { access_token: string };
          return Response.json({
            ...body,
            access_token: body.access_token + '.'.padEnd(padding.length, 'x'),
          });
        },
      },
    },
  );
  const browser = app.open();
  const countRequests = () => app.server.requestsTo('token').length;
  return { app, browser, countRequests };
}

const api = (number: number) => `https://api-${number}.example.test`;

test('keeps tokens for many APIs below 8 KB, and returns each token', async () => {
  const { app, browser, countRequests } = await open({ length: 600 });
  await browser.logIn();
  for (let number = 0; number < 12; number++) {
    const before = countRequests();
    expect((await getToken(app, browser, api(number))).resource).toBe(api(number));
    expect(countRequests()).toBe(before + 1);
    expect(countBytes(browser)).toBeLessThanOrEqual(6_500);
    // The token of the latest API is in the cookie.
    await getToken(app, browser, api(number));
    expect(countRequests()).toBe(before + 1);
  }
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
});

test('removes the least recently used access token from the cookie first', async () => {
  const { app, browser, countRequests } = await open({ length: 600 });
  await browser.logIn();
  const stored: number[] = [];
  for (let number = 0; number < 8; number++) {
    await getToken(app, browser, api(number));
    stored.push(number);
    // The first API is used by every page.
    const before = countRequests();
    await getToken(app, browser, api(0));
    expect(countRequests(), `after API ${number}`).toBe(before);
  }
  const before = countRequests();
  await getToken(app, browser, api(7));
  expect(countRequests()).toBe(before);
  await getToken(app, browser, api(1));
  expect(countRequests()).toBe(before + 1);
});

test('returns an access token that does not fit and keeps its refresh token, and the next call sends no request', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const padding = { length: 0 };
  const { app, browser, countRequests } = await open(padding);
  await browser.logIn();
  padding.length = 6_000;
  const token = await getToken(app, browser, api(1));
  expect(token.accessToken.length).toBeGreaterThan(6_000);
  expect(app.events).toContainEqual({ type: 'session.token_omitted', resource: api(1) });
  expect(countBytes(browser)).toBeLessThanOrEqual(6_500);
  const before = countRequests();
  await expect(getToken(app, browser, api(1))).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'cookies_too_large',
    message: expect.stringContaining('set the option "store"'),
  });
  expect(countRequests()).toBe(before);
  // The session has its refresh token: another API is served.
  padding.length = 0;
  await getToken(app, browser, api(2));
  expect(countRequests()).toBe(before + 1);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
});

test('signs the user in although the access token does not fit', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { app, browser, countRequests } = await open({ length: 7_000 });
  expect((await browser.logIn()).status).toBe(303);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  const before = countRequests();
  await expect(getToken(app, browser)).rejects.toMatchObject({ code: 'cookies_too_large' });
  expect(countRequests()).toBe(before);
});

test('rejects data that does not fit with a typed error, and keeps the session', async () => {
  const { app, browser } = await open({ length: 600 });
  await browser.logIn();
  const before = browser.header();
  const requestSession = await app.sessions.open(before);
  await expect(requestSession.update(() => ({ text: 'x'.repeat(7_000) }))).rejects.toMatchObject({
    code: 'cookies_too_large',
  });
  expect(requestSession.cookies).toEqual([]);
  expect(requestSession.session?.data).toEqual({});
  await requestSession.update(() => ({ text: 'x'.repeat(1_500) }));
  take(browser, requestSession.cookies);
  expect((await app.sessions.open(browser.header())).session?.data.text).toHaveLength(1_500);
});

test('keeps pending logins and the session together below 8 KB', async () => {
  const { app, browser } = await open({ length: 600 });
  for (let count = 0; count < 9; count++) {
    await browser.visit(`/auth/login?returnTo=/${'x'.repeat(300)}`);
    app.server.clock.advance(1);
  }
  expect(countBytes(browser)).toBeLessThanOrEqual(6_000);
  await browser.logIn();
  expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
  for (let number = 0; number < 8; number++) {
    await getToken(app, browser, api(number));
    expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
    await browser.visit('/auth/login');
    expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
  }
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.update(() => ({ text: 'x'.repeat(2_000) }));
  take(browser, requestSession.cookies);
  expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
  expect((await app.sessions.open(browser.header())).session?.data.text).toHaveLength(2_000);
});

test('keeps the header line of the largest session with its pending logins and markers below 8 KiB', async () => {
  const { app, browser } = await open({ length: 0 });
  let largest = 0;
  for (let count = 0; count < 40; count++) {
    // Each login completes, and the next one with a longer page is pending.
    app.server.clock.advance(1);
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    await requestSession.update(() => ({ text: 'x'.repeat(2_600) }));
    take(browser, requestSession.cookies);
    for (const tab of [0, 1]) await browser.visit(`/auth/login?returnTo=/${'x'.repeat(10 * count + tab)}`);
    expect([...browser.cookies.keys()].filter((name) => /\.(started|completed)$/.test(name))).toHaveLength(2);
    expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
    largest = Math.max(largest, `Cookie: ${browser.header()}\r\n`.length);
  }
  expect(largest).toBeLessThanOrEqual(8_192 - 180);
  expect(largest).toBeGreaterThan(7_900);
});

test('removes the text of the ID token before the only access token, and keeps its claims', async () => {
  const { app, browser } = await open({ length: 3_200 });
  await browser.logIn();
  const requestSession = await app.sessions.open(browser.header());
  expect((await requestSession.getAccessToken()).accessToken.length).toBeGreaterThan(3_200);
  expect(requestSession.session?.user).toMatchObject({ sub: 'alice', iss: app.server.issuer });
  expect(app.events.some(({ type }) => type === 'session.token_omitted')).toBe(false);
});

test('logs the remedy once for each process if a session needs a second cookie', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const key = Symbol.for('countersign.session.notices');
  Reflect.deleteProperty(globalThis, key);
  const { app, browser } = await open({ length: 2_000 });
  await browser.logIn();
  await app.open().logIn();
  const lines = warn.mock.calls.flat().filter((line) => /option "store"/.test(String(line)));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/a session needs 2 cookies with \d+ bytes.*proxy_buffer_size 16k/s);
  const events = app.events.filter(({ type }) => type === 'session.large');
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({ cookies: 2 });
});

test('reports a session in one cookie that exceeds a header buffer of 4 KB', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  Reflect.deleteProperty(globalThis, Symbol.for('countersign.session.notices'));
  const { app, browser } = await open({ length: 700 });
  await browser.logIn();
  expect([...browser.cookies.keys()].filter((name) => !name.endsWith('.completed'))).toHaveLength(1);
  expect(app.events).toContainEqual({ type: 'session.large', bytes: expect.any(Number), cookies: 1 });
  expect(String(warn.mock.calls[0])).toContain('proxy_buffer_size 16k');
});

const strict = { options: { cookie: { sameSite: 'strict' } } } as const;
const stepUp: StartLoginOptions['authorization'] = {
  scope: 'openid profile email offline_access urn:example:project:roles urn:example:project:aud',
  resource: ['https://api.example.test/one', 'https://api.example.test/two'],
  acrValues: ['urn:example:loa:high'],
  loginHint: 'alice@example.test',
  parameters: { organization: 'org_0123456789abcdef', screen_hint: 'signup', access_type: 'offline' },
};

interface Settings {
  readonly options?: Partial<WebSessionOptions>;
  readonly client?: Partial<ClientSettings & { readonly issuer: string }>;
}

/** Opens an application with these settings, and a browser with a session of more than 6,400 bytes. */
async function openLargest({ options, client }: Settings) {
  vi.spyOn(console, 'warn').mockReturnValue();
  const padding = { length: 3_200 };
  const { app } = await open(padding);
  for (; padding.length < 5_000; padding.length += 40) {
    const browser = app.open();
    await browser.logIn();
    const bytes = countBytes(browser, '__Host-session') - countBytes(browser, '__Host-session.completed');
    if (bytes <= 6_400) continue;
    const changedApp = await createWebApp(options, { at: app.server, ...(client && { client }) });
    return { app: changedApp, browser: changedApp.open(browser.cookies) };
  }
  throw new Error('no session has more than 6,400 bytes');
}

test.each([
  ['SameSite=Strict', strict, {}],
  ['form_post', { client: { responseMode: 'form_post' } }, {}],
  ['a step-up with many parameters', {}, { authorization: stepUp }],
] as const)(
  'keeps the cookies of a login with %s below 8 KB, beside the largest session',
  async (_, settings, login) => {
    const { app, browser } = await openLargest(settings);
    const { cookies } = await app.sessions.startLogin(browser.header(), { returnTo: '/dashboard', ...login });
    take(browser, cookies);
    expect([...browser.cookies.keys()].filter((name) => name.includes('.login.'))).toHaveLength(1);
    expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
    expect(app.events.map(({ type }) => type)).not.toContain('return_to.rejected');
  },
);

test('ends the largest session although only its key fits in the cookie of the next login', async () => {
  const { app, browser } = await openLargest(strict);
  const previousCookies = browser.header();
  app.server.clock.advance(5);
  app.server.signIn('mallory');
  const started = await browser.visit('/auth/login?returnTo=/dashboard');
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  // Browsers send no `Strict` cookie with this request.
  const redirected = app.open(new Map([...browser.cookies].filter(([name]) => name.includes('.login.'))));
  const response = await redirected.visit(url.pathname + url.search);
  expect(await response.text()).toContain('/dashboard');
  expect((await app.sessions.open(redirected.header())).session?.user.sub).toBe('mallory');
  expect((await app.sessions.open(previousCookies)).session).toBeUndefined();
  expect(app.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['session.ended', 'logout.incomplete']),
  );
});

test('rejects a login that does not fit beside the session with a typed error', async () => {
  const { app, browser } = await openLargest({});
  const authorization = { scope: `openid ${'long-scope '.repeat(200)}`.trim() };
  await expect(app.sessions.startLogin(browser.header(), { authorization })).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'cookies_too_large',
    message: expect.stringContaining('beside the session'),
  });
  expect((await app.sessions.startLogin('', { authorization })).cookies).not.toEqual([]);
});

test.each([
  ['a lax session', {}],
  ['SameSite=Strict', strict],
])(
  'a login with identifiers of an ordinary length fits beside the largest session, with %s',
  async (_, settings: Settings) => {
    const guid = '0a1b2c3d-0000-4000-8000-00000000000a';
    const client = {
      issuer: `https://login.microsoftonline.com/${guid}/v2.0`,
      clientId: guid,
      redirectUri: 'https://portal.customers.example.com/auth/callback',
      scope: `openid profile email offline_access api://${guid}/orders.read api://${guid}/orders.write`,
    };
    const { app, browser } = await openLargest({});
    const metadata = { ...app.server.metadata, issuer: client.issuer };
    const other = await createWebApp(settings.options, { at: app.server, client: { ...client, metadata } });
    const restart = { prompt: 'login', loginHint: 'alice.example@customers.example.com', uiLocales: ['de'] };
    for (const returnTo of ['/', '/orders/2026?page=2']) {
      const { cookies } = await other.sessions.startLogin(browser.header(), {
        returnTo,
        authorization: restart,
      });
      take(browser, cookies);
    }
    expect(countBytes(browser)).toBeLessThanOrEqual(8_000);
  },
);
