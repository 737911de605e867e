// @platforms node: oidc-provider needs Node.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBrowserAuth } from '../../src/browser/index.ts';
import { getOnlyLogin } from '../support/browser/visited-urls.ts';
import { createBrowser } from './support/browser.ts';
import { logIn, offline } from './support/log-in.ts';
import { createRelyingParty, provider } from './support/relying-parties.ts';

// By default, oidc-provider ignores `offline_access` without `prompt=consent` (OpenID Connect Core section 11).

const origin = 'https://app.example.test';
let browser: ReturnType<typeof createBrowser>;

beforeEach(() => {
  browser = createBrowser(provider.issuer);
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('location', new URL(`${origin}/items`));
  vi.stubGlobal('history', { state: null, replaceState: () => {} });
  for (const name of ['sessionStorage', 'localStorage']) vi.stubGlobal(name, createStorage());
});
afterEach(() => void vi.unstubAllGlobals());

function createStorage() {
  const items = new Map<string, string>();
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  };
}

/** Opens a page of the application and logs in. Returns the request, and whether the page can refresh its token. */
async function openPage(request: Parameters<ReturnType<typeof createBrowserAuth>['login']>[0] = {}) {
  const visited: string[] = [];
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId: 'none',
    redirectUri: `${origin}/callback`,
    scope: 'openid offline_access',
    refreshTokens: true,
    allowInsecureIssuer: true,
    fetch,
    navigate: (url) => void visited.push(url),
  });
  await auth.start();
  await auth.login(request);
  const login = getOnlyLogin(visited);
  await auth.handleCallback((await browser.visit(login)).url.href);
  expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'alice' } });
  const refreshed = await auth.getAccessToken({ forceRefresh: true }).catch((error) => error.code);
  auth.stop();
  return { prompt: new URL(login).searchParams.get('prompt'), refreshed };
}

test('a browser client gets no refresh token at first, asks for consent in the next login, and then refreshes', async () => {
  expect(await openPage()).toMatchObject({ prompt: null, refreshed: expect.any(String) });
  for (let login = 0; login < 2; login++)
    expect(await openPage()).toMatchObject({
      prompt: 'consent',
      refreshed: { accessToken: expect.any(String) },
    });
});

test('a browser client keeps the prompt that the application requests', async () => {
  expect(await openPage({ prompt: 'consent' })).toMatchObject({
    prompt: 'consent',
    refreshed: { accessToken: expect.any(String) },
  });
  // The provider has issued a refresh token, so the next login asks for nothing.
  expect(await openPage({ prompt: 'login' })).toMatchObject({ prompt: 'login' });
});

test('a client on a server gets a refresh token with prompt=consent only, and a login without it succeeds', async () => {
  const client = createRelyingParty('client_secret_basic');
  const request = { scope: 'openid offline_access' };
  const without = await logIn(client, request, browser);
  expect([without.claims?.sub, without.refreshToken]).toEqual(['alice', undefined]);
  const tokens = await logIn(client, { ...request, ...offline }, browser);
  expect(tokens.refreshToken).toEqual(expect.any(String));
});
