// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { countCookieBytes, openWithPadding, takeCookies } from '../../../tests/support/cookie-budget.ts';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import type { ClientSettings } from '../../index.ts';
import type { StartLoginOptions, WebSessionOptions } from '../index.ts';

// The cookies of a login fit in the budget beside the largest session.

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
  const { app } = await openWithPadding(padding);
  for (; padding.length < 5_000; padding.length += 40) {
    const browser = app.open();
    await browser.logIn();
    const bytes =
      countCookieBytes(browser, '__Host-session') - countCookieBytes(browser, '__Host-session.completed');
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
    takeCookies(browser, cookies);
    expect([...browser.cookies.keys()].filter((name) => name.includes('.login.'))).toHaveLength(1);
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
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
      takeCookies(browser, cookies);
    }
    expect(countCookieBytes(browser)).toBeLessThanOrEqual(8_000);
  },
);
