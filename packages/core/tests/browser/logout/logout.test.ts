// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import type { BrowserAuthOptions } from '../../../src/browser/options.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import type { AuthEvent } from '../../../src/events.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  origin,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';

describe('logout', () => {
  test('deletes and revokes the tokens, and redirects to the provider', async () => {
    const { auth, visited } = await openSignedInPage({
      postLogoutRedirectUri: `${origin}/`,
      idTokenHint: false,
    });
    await auth.logout();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
    const logouts = visited.map((url) => new URL(url)).filter(({ pathname }) => pathname === '/logout');
    expect(logouts.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
      {
        client_id: 'spa',
        post_logout_redirect_uri: `${origin}/`,
        state: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
  });

  describe('sends a state to the provider', () => {
    const logOut = async (postLogoutRedirectUri: string) => {
      const { auth, visited } = await openSignedInPage({ postLogoutRedirectUri });
      await auth.logout();
      return new URL(visited.at(-1) ?? '').searchParams.get('state');
    };
    const openPage = async (path: string) => {
      location.href = origin + path;
      events.length = 0;
      await createPage().auth.start();
      return { path: location.href.replace(origin, ''), returns: events.filter(isReturn) };
    };
    const isReturn = ({ type }: AuthEvent) => type === 'logout.returned';
    const createReturn = (verified: boolean) => [
      { type: 'logout.returned', issuer: provider.issuer, verified },
    ];

    test('and removes it from the address when the user returns', async () => {
      const state = await logOut(`${origin}/bye?a=1`);
      expect(await openPage(`/bye?a=1&state=${state}#b`)).toEqual({
        path: '/bye?a=1#b',
        returns: createReturn(true),
      });
      // It is valid once.
      expect(await openPage(`/bye?state=${state}`)).toEqual({ path: `/bye?state=${state}`, returns: [] });
    });

    test('and ignores a page with another state', async () => {
      const state = await logOut(`${origin}/`);
      const other = 'x'.repeat(43);
      expect(await openPage(`/?state=${other}`)).toEqual({
        path: `/?state=${other}`,
        returns: createReturn(false),
      });
      for (const path of ['/?state=open', '/']) expect(await openPage(path)).toEqual({ path, returns: [] });
      expect((await openPage(`/?state=${state}`)).path).toBe('/');
    });

    test('which expires like the transaction of a login', async () => {
      const state = await logOut(`${origin}/`);
      const path = `/?state=${state}`;
      advanceClock(3601);
      expect(await openPage(path)).toEqual({ path, returns: [] });
      // It was deleted, so the clock cannot make it valid again.
      advanceClock(-3601);
      expect(await openPage(path)).toEqual({ path, returns: [] });
    });

    test('which is compared after the clock was set back, but not before its lifetime', async () => {
      const early = await logOut(`${origin}/`);
      advanceClock(-3600);
      expect(await openPage(`/?state=${early}`)).toEqual({ path: '/', returns: createReturn(true) });
      const path = `/?state=${await logOut(`${origin}/`)}`;
      advanceClock(-3601);
      expect(await openPage(path)).toEqual({ path, returns: [] });
    });

    test('unless the user returns to another origin, where it cannot be checked', async () => {
      for (const uri of ['https://www.example/bye', 'app.example:/bye']) expect(await logOut(uri)).toBeNull();
    });
  });

  test('redirects to the logout of Amazon Cognito, which has parameters of its own', async () => {
    const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool';
    const pages = 'https://shop.auth.eu-west-1.amazoncognito.com';
    const { end_session_endpoint: _, ...otherMembers } = provider.metadata;
    const metadata = { ...otherMembers, issuer, authorization_endpoint: `${pages}/oauth2/authorize` };
    const { auth, visited } = createPage({ issuer, metadata, postLogoutRedirectUri: `${origin}/` });
    await auth.start();
    await auth.logout();
    expect(visited).toEqual([`${pages}/logout?client_id=spa&logout_uri=${encodeURIComponent(`${origin}/`)}`]);
    await auth.logout({ postLogoutRedirectUri: `${origin}/bye` });
    expect(visited.at(-1)).toContain(encodeURIComponent(`${origin}/bye`));
  });

  test('succeeds if the revocation request fails', async () => {
    const { auth, visited } = await openSignedInPage({
      fetch: (url, init) =>
        url.endsWith('/revoke') ? Promise.reject(new TypeError()) : provider.fetch(url, init),
    });
    await auth.logout();
    expect(auth.snapshot().status).toBe('signed-out');
    expect(visited.at(-1)).toContain('/logout?');
  });

  test.each([
    ['no response', 'network_error', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['status 503', 'server_error', async () => new Response(null, { status: 503 })],
    ['a timeout', 'timeout', () => new Promise<Response>(() => {})],
  ])(
    'stays on the page if the provider is down, and its metadata is cached: %s',
    async (_, code, respond) => {
      let isDown = false;
      const { auth, visited } = await openSignedInPage({
        timeout: 2_000,
        postLogoutRedirectUri: `${origin}/`,
        fetch: (url, init) => (isDown ? respond() : provider.fetch(url, init)),
      });
      isDown = true;
      const visitCount = visited.length;
      await auth.logout();
      expect(auth.snapshot()).toMatchObject({ status: 'signed-out', error: { code } });
      expect(visited).toHaveLength(visitCount);
      const parts = events.flatMap((event) => (event.type === 'logout.incomplete' ? [event.part] : []));
      expect(parts).toEqual(['refresh_token', 'provider']);
    },
  );

  test('leaves for the provider with static metadata if no endpoint allows the origin of the page', async () => {
    const { auth, visited } = await openSignedInPage({
      metadata: provider.metadata as BrowserAuthOptions['metadata'],
      fetch: (url, init) =>
        /revoke|well-known/.test(url)
          ? Promise.reject(new TypeError('Failed to fetch'))
          : provider.fetch(url, init),
    });
    await auth.logout();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    expect(visited.at(-1)).toContain('/logout?');
  });

  test('leaves for its own page if the provider is down and has no logout page', async () => {
    delete (provider.metadata as { end_session_endpoint?: unknown }).end_session_endpoint;
    let isDown = false;
    const { auth, visited } = await openSignedInPage({
      postLogoutRedirectUri: `${origin}/bye`,
      fetch: (url, init) =>
        isDown ? Promise.reject(new TypeError('Failed to fetch')) : provider.fetch(url, init),
    });
    isDown = true;
    await auth.logout();
    expect(visited.at(-1)).toBe(`${origin}/bye`);
  });

  test('does not use endpoints that are not https', async () => {
    for (const address of ['http://login.example/end', 'javascript:alert(1)', 'https:', 7]) {
      Object.assign(provider.metadata, { end_session_endpoint: address, revocation_endpoint: address });
      const { auth, visited } = await openSignedInPage();
      const [visitCount, requestCount] = [visited.length, provider.count('/end')];
      await auth.logout();
      expect(auth.snapshot().status).toBe('signed-out');
      expect(visited).toHaveLength(visitCount);
      expect(provider.count('/end')).toBe(requestCount);
    }
  });

  test('ends a pending login of another tab', async () => {
    const { auth: other } = await openSignedInPage();
    const page = createPage();
    await page.auth.start();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = async () => {
      const changed = new Promise<void>((resolve) => {
        page.auth.subscribe(resolve);
      });
      await other.logout({ localOnly: true });
      await changed;
      return undefined;
    };
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ code: 'session_ended' });
    await expect(page.auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('signs out the other tabs', async () => {
    const { auth } = await openSignedInPage();
    const { auth: other } = await openSignedInPage();
    await auth.logout({ localOnly: true });
    await expect.poll(() => other.snapshot().status).toBe('signed-out');
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test.each(['memory', 'tab'] as const)('B25: revokes the refresh token of each tab (%s)', async (reach) => {
    const storages = [1, 2].map(() => ({ ...createMemoryStorage(), reach }));
    const [first, second] = await Promise.all(storages.map((storage) => openSignedInPage({ storage })));
    const tokens = await Promise.all(
      storages.map(async ({ get }) => (await get(`countersign ${provider.issuer} spa tokens`))?.refreshToken),
    );
    await first?.auth.logout();
    await vi.waitFor(() => expect(provider.revoked).toHaveLength(2));
    expect(second?.auth.snapshot().status).toBe('signed-out');
    expect([...provider.revoked].sort()).toEqual([...tokens].sort());
  });

  test('S19: a login of another user signs out the other tabs', async () => {
    const { auth } = await openSignedInPage();
    provider.claims = (claims) => ({ ...claims, sub: 'user-2' });
    await openSignedInPage();
    await expect.poll(() => auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });
});

describe('a logout whose storage fails', () => {
  const createFailingStorage = (reach: 'memory' | 'tab' | 'shared') => {
    const memory = createMemoryStorage();
    const state = { isBroken: false };
    const fail = () => Promise.reject(new Error('broken'));
    const storage = {
      ...memory,
      reach,
      update: (...args: Parameters<NonNullable<typeof memory.update>>) =>
        state.isBroken ? fail() : memory.update?.(...args),
    };
    return { state, storage };
  };

  test.each(['memory', 'tab', 'shared'] as const)(
    'B25: is reported, revokes the tokens, shows no login, and can be repeated (%s)',
    async (reach) => {
      const { state, storage } = createFailingStorage(reach);
      const { auth } = await openSignedInPage({ storage });
      const { holder } = auth.snapshot();
      state.isBroken = true;
      await expect(auth.logout({ localOnly: true })).rejects.toThrow('broken');
      expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
      expect(auth.snapshot().status).toBe('signed-out');
      await expect(auth.getAccessToken({ holder })).rejects.toMatchObject({ code: 'session_ended' });
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
      expect(auth.snapshot().status).toBe('signed-out');
      expect(events.map(({ type }) => type)).not.toContain('session.ended');
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'logout.incomplete', part: 'session', code: 'unexpected_error' }),
      );
      state.isBroken = false;
      await auth.logout({ localOnly: true });
      expect(await storage.get(`countersign ${provider.issuer} spa tokens`)).toBeUndefined();
      expect(events.map(({ type }) => type)).toContain('session.ended');
    },
  );
});

test('B25: login() does not navigate after a logout', async () => {
  const { auth, visited } = await openSignedInPage();
  const count = visited.length;
  const login = auth.login();
  const logout = auth.logout({ localOnly: true });
  await expect(login).rejects.toMatchObject({ code: 'session_ended' });
  await logout;
  expect(visited).toHaveLength(count);
  expect(auth.snapshot()).toEqual({ status: 'signed-out' });
});

test('B25: start() does not log in silently after a logout', async () => {
  const append = vi.fn();
  vi.stubGlobal('document', {
    createElement: () => ({ addEventListener: () => {}, remove: () => {} }),
    body: { append },
  });
  const { auth } = createPage({ silentRedirectUri: `${origin}/silent.html` });
  await auth.logout({ localOnly: true });
  await auth.start();
  expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  expect(append).not.toHaveBeenCalled();
});

describe('logout at the provider', () => {
  test('navigates to postLogoutRedirectUri if the provider has no end_session_endpoint', async () => {
    delete provider.metadata.end_session_endpoint;
    const { auth, visited } = await openSignedInPage({ postLogoutRedirectUri: `${origin}/goodbye` });
    await auth.logout();
    expect(visited.at(-1)).toBe(`${origin}/goodbye`);
    const other = await openSignedInPage();
    const visits = other.visited.length;
    await other.auth.logout();
    expect(other.visited).toHaveLength(visits);
  });

  test('signs out locally and reports the error if the provider is unavailable', async () => {
    const storage = createMemoryStorage();
    await openSignedInPage({ storage });
    const { auth, visited } = createPage({
      storage,
      postLogoutRedirectUri: `${origin}/goodbye`,
      fetch: async () => new Response(null, { status: 503 }),
    });
    await auth.start();
    expect(auth.snapshot().status).toBe('signed-in');
    await auth.logout();
    expect(auth.snapshot()).toMatchObject({ status: 'signed-out', error: { code: 'server_error' } });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'logout.incomplete', part: 'provider', code: 'server_error' }),
    );
    expect(visited).toEqual([]);
  });
});
