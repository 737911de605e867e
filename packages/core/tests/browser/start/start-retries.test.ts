// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
  showPage,
  startLogin,
  storage,
} from '../../support/browser/browser-page.ts';
import { stubSilentFrame } from '../../support/browser/silent-frame.ts';

const silentRedirectUri = `${origin}/silent.html`;
let isOffline: boolean;
let attempts: number;
let elapsed: number;

const fetch: Fetch = async (url, init) => {
  if (!isOffline) return provider.fetch(url, init);
  attempts++;
  throw new TypeError('Failed to fetch');
};

beforeEach(() => {
  isOffline = true;
  attempts = 0;
  elapsed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
  const events = new EventTarget();
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
  vi.stubGlobal('dispatchEvent', events.dispatchEvent.bind(events));
  stubSilentFrame((url) => provider.approve(url));
});

describe('a start without a network', () => {
  const startOffline = async () => {
    const page = createPage({ silentRedirectUri, fetch });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'network_error' } });
    return page;
  };

  test.each(['online', 'focus'])('is repeated at the event "%s"', async (name) => {
    const { auth } = await startOffline();
    dispatchEvent(new Event(name));
    await vi.waitFor(() => expect(attempts).toBe(2), 10_000);
    isOffline = false;
    await vi.waitFor(() => {
      dispatchEvent(new Event(name));
      expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    }, 10_000);
    expect(auth.snapshot().error).toBeUndefined();
  });

  test('is repeated by the next call, which waits for its result', async () => {
    const { auth } = await startOffline();
    isOffline = false;
    elapsed += 1_000;
    const tokens = await Promise.all([auth.getAccessToken(), auth.getAccessToken()]);
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('is repeated by calls after growing pauses, and each call fails with the reason', async () => {
    const { auth } = await startOffline();
    for (let call = 0; call < 100; call++) {
      elapsed += 100;
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
    }
    // In 10 seconds: after 1, 2 and 4 seconds.
    expect(attempts).toBe(4);
    expect(auth.snapshot().status).toBe('error');
  });

  test('is not repeated after stop()', async () => {
    const { auth } = await startOffline();
    auth.stop();
    dispatchEvent(new Event('online'));
    await Promise.resolve();
    expect(attempts).toBe(1);
  });

  test('is not repeated after a successful start', async () => {
    isOffline = false;
    const { auth } = createPage({ silentRedirectUri, fetch });
    await auth.start();
    isOffline = true;
    dispatchEvent(new Event('online'));
    elapsed += 100_000;
    await auth.start();
    expect([attempts, auth.snapshot().status]).toEqual([0, 'signed-in']);
  });
});

function setError(parameters: URLSearchParams, error: string): void {
  parameters.delete('code');
  parameters.set('error', error);
}

const html = () => new Response('<h1>Not found</h1>', { headers: { 'content-type': 'text/html' } });

/** Responses that a proxy, a wrong deployment or the provider itself sends for a moment. */
const temporaryResponses: [string, string, () => Response][] = [
  ['status 404', '.well-known', () => new Response(null, { status: 404 })],
  ['status 403', '.well-known', () => new Response(null, { status: 403 })],
  ['an HTML page', '.well-known', html],
  ['a redirect', '.well-known', () => new Response(null, { status: 302, headers: { location: '/' } })],
  ['metadata of another issuer', '.well-known', () => Response.json({ issuer: 'https://other.example' })],
  [
    'metadata without S256',
    '.well-known',
    () => Response.json({ issuer: provider.issuer, code_challenge_methods_supported: ['plain'] }),
  ],
  ['keys with status 404', '/jwks', () => new Response(null, { status: 404 })],
  ['keys as an HTML page', '/jwks', html],
  ['a token response as an HTML page', '/token', html],
  ['a token error', '/token', () => Response.json({ error: 'invalid_client' }, { status: 401 })],
];

describe.each(temporaryResponses)('a start that receives %s', (_, path, respond) => {
  const startWithFailure = async () => {
    let failures = 0;
    let isFailing = true;
    const page = createPage({
      silentRedirectUri,
      fetch: async (url, init) => {
        if (!isFailing || !url.includes(path)) return provider.fetch(url, init);
        failures++;
        return respond();
      },
    });
    await page.auth.start();
    expect([page.auth.snapshot().status, failures > 0]).toEqual(['error', true]);
    const repair = () => {
      isFailing = false;
    };
    return { ...page, repair };
  };

  test.each(['online', 'focus'])('is repeated at the event "%s"', async (name) => {
    const { auth, repair } = await startWithFailure();
    repair();
    dispatchEvent(new Event(name));
    await vi.waitFor(() => expect(auth.snapshot().status).toBe('signed-in'), 10_000);
  });

  test('fails the calls with its error, and is repeated by the next call after a pause', async () => {
    const { auth, repair } = await startWithFailure();
    const { error } = auth.snapshot();
    await expect(auth.getAccessToken()).rejects.toBe(error);
    repair();
    elapsed += 1_000;
    expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  });
});

test('a start is repeated after the provider returned an error to the silent login', async () => {
  isOffline = false;
  let error: string | undefined = 'server_error';
  stubSilentFrame((url) =>
    provider.approve(url, (parameters) => {
      if (error === undefined) return;
      parameters.delete('code');
      parameters.set('error', error);
    }),
  );
  const { auth } = createPage({ silentRedirectUri, fetch });
  await auth.start();
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'authorization_error' });
  error = undefined;
  dispatchEvent(new Event('focus'));
  await vi.waitFor(() => expect(auth.snapshot().status).toBe('signed-in'), 10_000);
});

test('a start without a feature of the browser is not repeated', async () => {
  isOffline = false;
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const { auth } = createPage({ silentRedirectUri, fetch });
  await auth.start();
  expect(auth.snapshot()).toMatchObject({ status: 'error', error: { code: 'unsupported_by_browser' } });
  dispatchEvent(new Event('online'));
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'unsupported_by_browser' });
});

test.each(['access_denied', 'temporarily_unavailable'])(
  'a signed-out user remains signed out after a login failed with %s',
  async (error) => {
    isOffline = false;
    stubSilentFrame((url) => provider.approve(url, (parameters) => setError(parameters, 'login_required')));
    const page = createPage({ silentRedirectUri, fetch });
    const { auth } = page;
    await auth.start();
    const callback = provider.approve(await startLogin(page), (parameters) => setError(parameters, error));
    await expect(auth.handleCallback(callback)).rejects.toMatchObject({ error });
    const snapshot = auth.snapshot();
    expect(snapshot).toMatchObject({ status: 'signed-out', error: { error } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    elapsed += 100_000;
    dispatchEvent(new Event('focus'));
    await auth.start();
    expect(auth.snapshot()).toBe(snapshot);
  },
);

describe('a callback without a network', () => {
  async function startCallbackOffline(query?: string) {
    isOffline = false;
    const url = await startLogin(createPage({ fetch }), { returnTo: '/items/7' });
    const items = [...storage];
    showPage(query === undefined ? provider.approve(url) : `${origin}/callback${query}`);
    for (const [name, value] of items) sessionStorage.setItem(name, value);
    isOffline = true;
    const { auth } = createPage({ silentRedirectUri, fetch });
    expect(await auth.start()).toMatchObject({ error: expect.any(Error) });
    expect(auth.snapshot().status).toBe('error');
    return auth;
  }

  test('returns the wanted page after the login is restored', async () => {
    const auth = await startCallbackOffline();
    isOffline = false;
    dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(auth.snapshot().status).toBe('signed-in'), 10_000);
    expect(auth.snapshot().error).toBeUndefined();
    expect(await auth.start()).toEqual({ returnTo: '/items/7' });
    expect(await auth.start()).toEqual({ returnTo: '/items/7' });
  });

  test('keeps its error if the user is not signed in after the network has returned', async () => {
    stubSilentFrame((url) =>
      provider.approve(url, (parameters) => {
        parameters.delete('code');
        parameters.set('error', 'login_required');
      }),
    );
    const auth = await startCallbackOffline();
    isOffline = false;
    dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(auth.snapshot().status).toBe('signed-out'), 10_000);
    await vi.waitFor(() => expect(auth.snapshot().error).toMatchObject({ code: 'network_error' }), 10_000);
    expect(await auth.start()).toMatchObject({ error: { code: 'network_error' } });
  });
});

test('B25: the error of a failed callback is not shown after a logout during the next attempt', async () => {
  isOffline = false;
  let isDown = true;
  let logout: Promise<void> | undefined;
  stubSilentFrame((url) => {
    if (!isDown) logout = page.auth.logout({ localOnly: true });
    return provider.approve(url, (parameters) =>
      setError(parameters, isDown ? 'server_error' : 'login_required'),
    );
  });
  showPage(`${origin}/callback?code=forged&state=forged`);
  const page = createPage({ silentRedirectUri, fetch });
  expect(await page.auth.start()).toMatchObject({ error: { code: 'transaction_invalid' } });
  expect(page.auth.snapshot().status).toBe('error');
  isDown = false;
  dispatchEvent(new Event('online'));
  await vi.waitFor(() => expect(logout).toBeDefined(), 10_000);
  await logout;
  await page.auth.start();
  expect(page.auth.snapshot()).toEqual({ status: 'signed-out' });
});

test('a stored login starts offline with its token, and continues after the token has expired', async () => {
  isOffline = false;
  const tokenStorage = createMemoryStorage();
  await openSignedInPage({ storage: tokenStorage, fetch });
  isOffline = true;
  const { auth } = createPage({ storage: tokenStorage, fetch, silentRedirectUri });
  await auth.start();
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  expect([auth.snapshot().status, attempts]).toEqual(['signed-in', 0]);
  advanceClock(61);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
  expect(auth.snapshot().status).toBe('signed-in');
});
