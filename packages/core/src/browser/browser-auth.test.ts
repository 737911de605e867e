import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuthEvent } from '../events.ts';
import { type BrowserAuth, createBrowserAuth } from './browser-auth.ts';
import type { BrowserAuthOptions } from './options.ts';
import { createTestProvider, json, type TestProvider } from './test-provider.ts';
import { createMemoryStorage } from './token-storage.ts';

const origin = 'https://app.example';
let time = Date.UTC(2026, 0, 1);
let provider: TestProvider;
let events: AuthEvent[];
let open: BrowserAuth[];
let storage: Map<string, string>;

/** The page in which the client runs: its address, and the storage of its tab. */
function showPage(href: string): void {
  storage = new Map();
  const tab: Record<string, unknown> = {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => {
      storage.set(name, value);
      Object.defineProperty(tab, name, { value, enumerable: true, configurable: true, writable: true });
    },
    removeItem: (name: string) => {
      storage.delete(name);
      delete tab[name];
    },
  };
  for (const name of ['getItem', 'setItem', 'removeItem'])
    Object.defineProperty(tab, name, { enumerable: false });
  const location = new URL(href);
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('sessionStorage', tab);
  vi.stubGlobal('location', location);
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, path: string) => {
      location.href = new URL(path, location).href;
    },
  });
}

interface Page {
  readonly auth: BrowserAuth;
  /** The addresses that the page was sent to. */
  readonly visited: string[];
}

function createPage(options: Partial<BrowserAuthOptions> = {}): Page {
  const visited: string[] = [];
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    scope: 'openid offline_access items:read',
    fetch: provider.fetch,
    now: () => time,
    navigate: (url) => void visited.push(url),
    onEvent: (event) => events.push(event),
    ...options,
  });
  open.push(auth);
  return { auth, visited };
}

async function startLogin({ auth, visited }: Page, options?: Parameters<BrowserAuth['login']>[0]) {
  await auth.login(options);
  return visited.at(-1) as string;
}

async function signedIn(options: Partial<BrowserAuthOptions> = {}): Promise<Page> {
  const page = createPage(options);
  await page.auth.start();
  await page.auth.handleCallback(provider.approve(await startLogin(page)));
  return page;
}

const later = (seconds: number) => {
  time += seconds * 1000;
};

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  provider = await createTestProvider(() => time);
  events = [];
  open = [];
  showPage(`${origin}/items?filter=a%26b#second`);
});

afterEach(() => {
  for (const auth of open) auth.stop();
  vi.unstubAllGlobals();
});

describe('login', () => {
  test('sends the user away with PKCE, state and nonce, and brings them back to where they were', async () => {
    const page = createPage();
    await page.auth.start();
    expect(page.auth.snapshot().status).toBe('signed-out');
    const url = new URL(await startLogin(page));
    const sent = Object.fromEntries(url.searchParams);
    expect(sent).toMatchObject({
      client_id: 'spa',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${origin}/callback`,
      scope: 'openid offline_access items:read',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(sent[name]).toMatch(/^[\w-]{43}$/);
    expect(await page.auth.handleCallback(provider.approve(url.href))).toEqual({
      returnTo: '/items?filter=a%26b#second',
    });
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    expect(page.auth.snapshot().expiresAt).toBe(time / 1000 + 60);
  });

  test.each([
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\t//evil.example', '/'],
    ['https:evil.example', '/evil.example'],
    ['https://evil.example/items', '/'],
    ['https://app.example@evil.example/', '/'],
    ['/.//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/%09/evil', '/%09/evil'],
    ['/fine?a=b#c', '/fine?a=b#c'],
  ])('S2: a return to %j becomes %j', async (returnTo, expected) => {
    const page = createPage();
    const url = await startLogin(page, { returnTo });
    const { returnTo: kept } = await page.auth.handleCallback(provider.approve(url));
    // `https:evil.example` is a path of this very origin, as the URL standard has it.
    expect(kept).toBe(expected);
  });

  test('a step-up asks for its scope beside the ones of before, and for a fresh and strong login', async () => {
    const page = createPage();
    const url = await startLogin(page, { scope: 'items:write items:read', maxAge: 0, acrValues: ['high'] });
    const sent = new URL(url).searchParams;
    expect(sent.get('scope')).toBe('openid offline_access items:read items:write');
    expect(sent.get('max_age')).toBe('0');
    expect(sent.get('acr_values')).toBe('high');
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'acr' });
  });

  test('S6: a further parameter cannot replace what makes a login safe', async () => {
    for (const name of ['redirect_uri', 'code_challenge', 'state', 'nonce', 'request', 'response_mode']) {
      await expect(startLogin(createPage(), { parameters: { [name]: 'x' } })).rejects.toMatchObject({
        code: 'invalid_option',
      });
    }
    const url = await startLogin(createPage(), { parameters: { organization: 'a&state=b' } });
    expect(new URL(url).searchParams.getAll('organization')).toEqual(['a&state=b']);
  });

  test('at start, a callback completes the login, and its code leaves the address bar first', async () => {
    const first = createPage();
    const callback = provider.approve(await startLogin(first));
    const kept = new Map(storage);
    showPage(callback);
    for (const [name, value] of kept) sessionStorage.setItem(name, value);
    provider.intercept = () => {
      expect(location.href).toBe(`${origin}/callback`);
      return undefined;
    };
    const second = createPage();
    expect(await second.auth.start()).toEqual({ returnTo: '/items?filter=a%26b#second' });
    expect(second.auth.snapshot().status).toBe('signed-in');
  });
});

describe('the answer to a login', () => {
  /** Refused, and the code was not used. */
  async function refused(change: (parameters: URLSearchParams) => void, check: string): Promise<void> {
    const page = createPage();
    const callback = provider.approve(await startLogin(page), change);
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ check });
    expect(provider.tokenRequests).toEqual([]);
    expect(page.auth.snapshot()).toMatchObject({ status: 'error', error: { check } });
  }

  test('C6: a state that nobody waits for is refused', () => refused((p) => p.set('state', 'x'), 'state'));

  test('C6: an answer without a state is refused', () => refused((p) => p.delete('state'), 'state'));

  test('C6: another issuer is refused before the code is used', () =>
    refused((p) => p.set('iss', 'https://evil.example'), 'iss'));

  test('C6: a missing issuer is refused where the provider always names it', () =>
    refused((p) => p.delete('iss'), 'iss'));

  test('C6: another issuer is refused even where the provider does not announce it', async () => {
    delete provider.metadata.authorization_response_iss_parameter_supported;
    await refused((p) => p.set('iss', 'https://evil.example'), 'iss');
  });

  test('C6: a repeated parameter is refused', () => refused((p) => p.append('code', 'x'), 'repeated'));

  test.each(['response', 'access_token', 'id_token'])('C6: an answer with %s is refused', (name) =>
    refused((p) => p.set(name, 'x'), 'response_mode'),
  );

  test('C6: an answer without a code is refused', () => refused((p) => p.delete('code'), 'code'));

  test('C6: a login can be completed once, and a refused answer uses it up as well', async () => {
    const page = createPage();
    const url = await startLogin(page);
    const wrong = provider.approve(url, (p) => p.set('iss', 'https://evil.example'));
    await expect(page.auth.handleCallback(wrong)).rejects.toMatchObject({ check: 'iss' });
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'state' });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('C6: a login that was started too long ago is refused', async () => {
    const page = createPage();
    const url = await startLogin(page);
    later(3601);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'expired' });
  });

  test('S10: a login of another client is refused', async () => {
    const other = createPage({ clientId: 'other' });
    const url = await startLogin(other);
    const page = createPage();
    // Even under this client's own name in the storage.
    for (const [name, value] of storage) sessionStorage.setItem(name.replace(' other ', ' spa '), value);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'state' });
  });

  test('a refusal by the provider is handed on, its text bounded and on one line', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page), (p) => {
      p.delete('code');
      p.set('error', 'access_denied');
      p.set('error_description', `no\n${'x'.repeat(1000)}`);
    });
    const error = await page.auth.handleCallback(callback).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'authorization_error', error: 'access_denied' });
    expect((error as { errorDescription: string }).errorDescription).toHaveLength(300);
    expect((error as { errorDescription: string }).errorDescription).not.toContain('\n');
  });

  test('B9: logins that run beside each other do not disturb each other', async () => {
    const page = createPage();
    const first = await startLogin(page, { returnTo: '/first' });
    const second = await startLogin(page, { returnTo: '/second' });
    expect(await page.auth.handleCallback(provider.approve(first))).toEqual({ returnTo: '/first' });
    expect(await page.auth.handleCallback(provider.approve(second))).toEqual({ returnTo: '/second' });
  });

  test('S14: logins that were begun and left are forgotten, the oldest first', async () => {
    const page = createPage();
    const urls: string[] = [];
    for (let times = 0; times < 10; times++) {
      urls.push(await startLogin(page));
      later(1);
    }
    expect([...storage.keys()].filter((name) => name.includes(' login '))).toHaveLength(8);
    await page.auth.handleCallback(provider.approve(urls[9] as string));
    await expect(page.auth.handleCallback(provider.approve(urls[0] as string))).rejects.toMatchObject({
      check: 'state',
    });
  });

  test('a token endpoint that answers with a redirect is refused', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () =>
      new Response(null, { status: 307, headers: { location: 'https://evil.example' } });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'response_malformed',
      check: 'redirect',
    });
  });

  test('C9: an oversized or ambiguous answer is refused', async () => {
    for (const [body, check] of [
      [`{"access_token":"a","access_token":"b","token_type":"Bearer"}`, 'json'],
      [`"${'x'.repeat(1_100_000)}"`, 'size'],
      ['[]', 'body'],
      ['{"token_type":"Bearer"}', 'id_token'],
    ] as const) {
      const page = createPage();
      const callback = provider.approve(await startLogin(page));
      provider.intercept = () => new Response(body, { headers: { 'content-type': 'application/json' } });
      await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ check });
      expect(page.auth.snapshot().status).toBe('error');
    }
  });

  test('a provider that cannot do PKCE with S256 is not used', async () => {
    provider.metadata.code_challenge_methods_supported = ['plain'];
    await expect(createPage().auth.login()).rejects.toMatchObject({ code: 'unsupported_by_provider' });
  });

  test('metadata of another issuer, or with a plain http endpoint, is refused', async () => {
    provider.metadata.issuer = `${provider.issuer}/`;
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'issuer' });
    provider.metadata.issuer = provider.issuer;
    provider.metadata.authorization_endpoint = 'http://login.example/auth';
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'authorization_endpoint' });
  });
});

describe('refresh', () => {
  test('a valid token is given out without any call', async () => {
    const { auth } = await signedIn();
    const first = await auth.getAccessToken();
    expect(await auth.getAccessToken()).toEqual(first);
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('B4: fifty who wait share one refresh', async () => {
    const { auth } = await signedIn();
    later(40);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => auth.getAccessToken()));
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: tabs that share a storage spend each refresh token once', async () => {
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await signedIn({ storage: shared });
    const tabs = [auth, ...Array.from({ length: 4 }, () => createPage({ storage: shared }).auth)];
    await Promise.all(tabs.map((tab) => tab.start()));
    later(40);
    const tokens = await Promise.all(tabs.map((tab) => tab.getAccessToken()));
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: where refresh tokens stay as they are, tabs still refresh once', async () => {
    provider.rotates = false;
    const shared = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await signedIn({ storage: shared });
    const { auth: other } = createPage({ storage: shared });
    await other.start();
    later(40);
    await Promise.all([auth.getAccessToken(), other.getAccessToken()]);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: a lock that is held for too long is not waited for without end', async () => {
    const { auth } = await signedIn({
      lock: () => Promise.reject(Object.assign(new Error('held'), { code: 'lock_timeout' })),
    });
    later(61);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'lock_timeout' });
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('refreshes for two APIs use the rotated refresh token one after the other', async () => {
    const { auth } = await signedIn();
    const resources = ['https://a.example', 'https://b.example'];
    const tokens = await Promise.all(resources.map((resource) => auth.getAccessToken({ resource })));
    expect(tokens.map(({ resource }) => resource)).toEqual(resources);
    const spent = provider.tokenRequests.map(({ parameters }) => parameters.get('refresh_token'));
    expect(spent).toHaveLength(3);
    expect(new Set(spent).size).toBe(3);
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('B6: a token that an API refused is replaced once, however many were refused', async () => {
    const { auth } = await signedIn();
    const { accessToken } = await auth.getAccessToken();
    const parallel = await Promise.all(
      Array.from({ length: 20 }, () => auth.getAccessToken({ refused: accessToken })),
    );
    const late = await auth.getAccessToken({ refused: accessToken });
    expect(new Set([...parallel, late].map((token) => token.accessToken)).size).toBe(1);
    expect(late.accessToken).not.toBe(accessToken);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('C5: a server error or a broken network ends no login, and a valid token is served meanwhile', async () => {
    const { auth } = await signedIn();
    const { accessToken } = await auth.getAccessToken();
    later(40);
    provider.intercept = () => new Response(null, { status: 503 });
    expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
    later(30);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    provider.intercept = () => {
      throw new TypeError('failed to fetch');
    };
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
    expect(auth.snapshot().status).toBe('signed-in');
    provider.intercept = undefined;
    expect((await auth.getAccessToken()).accessToken).not.toBe(accessToken);
  });

  test('C5: fifty who wait share one failure as well', async () => {
    const { auth } = await signedIn();
    later(61);
    provider.intercept = () => new Response(null, { status: 503 });
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => auth.getAccessToken()));
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('B4: a fetch that never answers and ignores its signal lets go of the lock', async () => {
    const { auth } = await signedIn({ timeout: 50 });
    later(61);
    provider.intercept = () => new Promise(() => {});
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'timeout' });
    provider.intercept = undefined;
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(3);
  });

  test('C5: a provider that asks for a pause gets it', async () => {
    const { auth } = await signedIn();
    later(61);
    provider.intercept = () => new Response(null, { status: 429, headers: { 'retry-after': '20' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 20 });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(provider.tokenRequests).toHaveLength(2);
    provider.intercept = undefined;
    later(21);
    await auth.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(3);
  });

  test('invalid_grant ends the login, and nothing else does', async () => {
    const { auth } = await signedIn();
    later(61);
    provider.intercept = () =>
      json({ error: 'invalid_client' }, { status: 401, headers: { 'content-type': 'application/json' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ error: 'invalid_client' });
    expect(auth.snapshot().status).toBe('signed-in');
    provider.intercept = () =>
      json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test.each(['sub', 'iss', 'aud', 'auth_time'])(
    'C1: a refreshed ID token with another %s is refused',
    async (claim) => {
      const page = createPage();
      await page.auth.start();
      await page.auth.handleCallback(provider.approve(await startLogin(page, { maxAge: 600 })));
      const { accessToken } = await page.auth.getAccessToken();
      later(61);
      const other = { sub: 'user-2', iss: 'https://evil.example', aud: ['spa', 'more'], auth_time: 1 }[claim];
      provider.claims = (claims) => ({ ...claims, [claim]: other, ...(claim === 'aud' && { azp: 'spa' }) });
      await expect(page.auth.getAccessToken()).rejects.toMatchObject({
        code: 'id_token_invalid',
        check: claim,
      });
      expect(page.auth.snapshot().claims).toMatchObject({ sub: 'user-1' });
      provider.claims = (claims) => claims;
      expect(accessToken).toMatch(/^access-/);
    },
  );

  test('C3: a refresh without an ID token or refresh token keeps the ones of before', async () => {
    const { auth } = await signedIn();
    later(40);
    provider.body = ({ id_token, refresh_token, ...body }) => body;
    await auth.getAccessToken();
    expect(auth.snapshot().claims).toMatchObject({ sub: 'user-1' });
    later(40);
    provider.intercept = () => undefined;
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    const spent = provider.tokenRequests.slice(1).map(({ parameters }) => parameters.get('refresh_token'));
    expect(spent[0]).toBe(spent[1]);
  });

  test('S15: a logout during a refresh has the last word', async () => {
    const { auth } = await signedIn();
    later(61);
    let answer: () => void = () => {};
    const asked = new Promise<void>((begin) => {
      provider.intercept = async () => {
        begin();
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return undefined;
      };
    });
    const token = auth.getAccessToken();
    await asked;
    await auth.logout({ localOnly: true });
    answer();
    await expect(token).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('S15: a logout during a login has the last word, and what was given is revoked', async () => {
    const page = createPage();
    await page.auth.start();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = async () => {
      await page.auth.logout({ localOnly: true });
      return undefined;
    };
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ code: 'session_ended' });
    await expect(page.auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
  });
});

describe('logout', () => {
  test('forgets and revokes the tokens, and leaves for the provider', async () => {
    const { auth, visited } = await signedIn({ postLogoutRedirectUri: `${origin}/`, idTokenHint: false });
    await auth.logout();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
    const url = new URL(visited.at(-1) as string);
    expect(url.pathname).toBe('/logout');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'spa',
      post_logout_redirect_uri: `${origin}/`,
    });
  });

  test('a provider that cannot revoke keeps nobody from logging out', async () => {
    const { auth, visited } = await signedIn({
      fetch: (url, init) =>
        url.endsWith('/revoke') ? Promise.reject(new TypeError()) : provider.fetch(url, init),
    });
    await auth.logout();
    expect(auth.snapshot().status).toBe('signed-out');
    expect(visited.at(-1)).toContain('/logout?');
  });

  test('reaches the other tabs', async () => {
    const { auth } = await signedIn();
    const { auth: other } = await signedIn();
    await auth.logout({ localOnly: true });
    await expect.poll(() => other.snapshot().status).toBe('signed-out');
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('S19: a login as another user ends the previous one in the other tabs', async () => {
    const { auth } = await signedIn();
    provider.claims = (claims) => ({ ...claims, sub: 'user-2' });
    await signedIn();
    await expect.poll(() => auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });
});

describe('silent login', () => {
  const silentRedirectUri = `${origin}/silent.html`;
  let frames: { src: string; removed: boolean }[];

  /** A hidden frame in which the provider answers with another address, or shows a page of its own (`undefined`). */
  function showFrames(answer: (url: string) => string | undefined): void {
    frames = [];
    vi.stubGlobal('document', {
      createElement: () => {
        const frame = {
          src: '',
          removed: false,
          listeners: [] as (() => void)[],
          addEventListener: (_: string, listener: () => void) => void frame.listeners.push(listener),
          remove: () => {
            frame.removed = true;
          },
          get contentWindow() {
            const href = answer(frame.src);
            if (href === undefined) throw new DOMException('another origin', 'SecurityError');
            return { location: { href } };
          },
        };
        return frame;
      },
      body: {
        append: (frame: (typeof frames)[number] & { listeners: (() => void)[] }) => {
          frames.push(frame);
          queueMicrotask(() => {
            for (const listener of frame.listeners) listener();
          });
        },
      },
    });
  }

  test('restores the login of the provider, without a visible redirect', async () => {
    showFrames((url) => provider.approve(url));
    const page = createPage({ silentRedirectUri });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    expect(page.visited).toEqual([]);
    const asked = new URL(frames[0]?.src as string).searchParams;
    expect(asked.get('prompt')).toBe('none');
    expect(asked.get('redirect_uri')).toBe(silentRedirectUri);
    expect(frames.map(({ removed }) => removed)).toEqual([true]);
  });

  test('login_required means signed out, and is no error', async () => {
    showFrames((url) =>
      provider.approve(url, (p) => {
        p.delete('code');
        p.set('error', 'login_required');
      }),
    );
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test.each([
    ['state', 'another'],
    ['iss', 'https://evil.example'],
  ])('B7: an answer with another %s is refused', async (name, value) => {
    showFrames((url) => provider.approve(url, (p) => p.set(name, value)));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { check: name } });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('B7: an answer at another page or origin is not taken', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (const base of [`${origin}/other.html`, 'https://evil.example/silent.html', undefined]) {
        showFrames((url) => base && `${base}${new URL(provider.approve(url)).search}`);
        const { auth } = createPage({ silentRedirectUri });
        const started = auth.start();
        await vi.waitFor(() => expect(frames).toHaveLength(1));
        await vi.advanceTimersByTimeAsync(3_000);
        await started;
        expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      }
      expect(provider.tokenRequests).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a page that finds itself in the hidden frame starts nothing', async () => {
    vi.stubGlobal('window', { name: 'countersign silent login' });
    const { auth } = createPage({ silentRedirectUri });
    const started = await Promise.race([
      auth.start(),
      new Promise((resolve) => setTimeout(resolve, 20, 'waiting')),
    ]);
    expect(started).toBe('waiting');
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });

  test('takes over where the refresh token is of no more use', async () => {
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    later(61);
    provider.intercept = ({ parameters }) =>
      parameters.get('grant_type') === 'refresh_token'
        ? json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } })
        : undefined;
    await auth.getAccessToken();
    expect(auth.snapshot().status).toBe('signed-in');
    expect(frames).toHaveLength(2);
  });

  test('a forged callback ends no login that there is', async () => {
    showPage(`${origin}/callback?code=forged&state=forged`);
    showFrames((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', error: { check: 'state' } });
    expect(provider.tokenRequests.map(({ parameters }) => parameters.get('code'))).not.toContain('forged');
  });
});

test('C7: no token, code, verifier or state is in an event, an error or the snapshot', async () => {
  const secrets = new Set<string>();
  const errors: unknown[] = [];
  const page = createPage();
  await page.auth.start();
  const url = await startLogin(page);
  for (const name of ['state', 'nonce', 'code_challenge'])
    secrets.add(new URL(url).searchParams.get(name) as string);
  const callback = provider.approve(url);
  secrets.add(new URL(callback).searchParams.get('code') as string);
  provider.body = (body) => {
    for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.add(body[name] as string);
    return body;
  };
  await page.auth.handleCallback(callback);
  await page.auth.handleCallback(callback).catch((error: unknown) => errors.push(error));
  for (const answer of [
    () => json({ error: 'invalid_request', error_description: 'no' }, { status: 400 }),
    () => new Response('nothing', { status: 200 }),
    () => new Response(null, { status: 503 }),
    () => json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } }),
  ]) {
    provider.intercept = answer;
    await page.auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => errors.push(error));
  }
  for (const { parameters } of provider.tokenRequests) secrets.add(parameters.get('code_verifier') ?? url);
  expect(errors.length).toBeGreaterThan(3);
  expect(secrets.size).toBeGreaterThan(7);
  const told = errors.map((error) => `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`);
  const everything = [
    ...told,
    JSON.stringify(events),
    JSON.stringify({ ...page.auth.snapshot(), claims: null }),
  ].join('\n');
  for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
});

describe('options', () => {
  const create = (options: Partial<BrowserAuthOptions>) => () => createPage(options);

  test('misuse fails at once, with what to write instead', () => {
    expect(create({ issuer: '' })).toThrow(/issuer is missing/);
    expect(create({ redirectUri: '' })).toThrow(/redirectUri is missing/);
    expect(create({ issuer: 'http://login.example' })).toThrow(/allowInsecureIssuer: true/);
    expect(create({ scope: 'profile' })).toThrow(/openid/);
    expect(create({ clockTolerance: 301 })).toThrow(/clockTolerance/);
  });

  test('B3: on a server nothing is started and nothing of a browser is touched', async () => {
    vi.unstubAllGlobals();
    const { auth } = createPage();
    const started = await Promise.race([
      auth.start(),
      new Promise((resolve) => setTimeout(resolve, 20, 'waiting')),
    ]);
    expect(started).toBe('waiting');
    expect(auth.snapshot()).toEqual({ status: 'loading' });
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });
});
