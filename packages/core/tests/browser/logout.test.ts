// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../src/browser/state/token-storage.ts';
import { createPage, events, origin, provider, signedIn, startLogin } from '../support/browser-page.ts';

describe('logout', () => {
  test('deletes and revokes the tokens, and redirects to the provider', async () => {
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

  test('completes without a revocation endpoint', async () => {
    const { auth, visited } = await signedIn({
      fetch: (url, init) =>
        url.endsWith('/revoke') ? Promise.reject(new TypeError()) : provider.fetch(url, init),
    });
    await auth.logout();
    expect(auth.snapshot().status).toBe('signed-out');
    expect(visited.at(-1)).toContain('/logout?');
  });

  test('does not use endpoints that are not https', async () => {
    for (const address of ['http://login.example/end', 'javascript:alert(1)', 'https:', 7]) {
      Object.assign(provider.metadata, { end_session_endpoint: address, revocation_endpoint: address });
      const { auth, visited } = await signedIn();
      const [visitCount, requestCount] = [visited.length, provider.count('/end')];
      await auth.logout();
      expect(auth.snapshot().status).toBe('signed-out');
      expect(visited).toHaveLength(visitCount);
      expect(provider.count('/end')).toBe(requestCount);
    }
  });

  test('in another tab ends a login in progress', async () => {
    const { auth: other } = await signedIn();
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
    const { auth } = await signedIn();
    const { auth: other } = await signedIn();
    await auth.logout({ localOnly: true });
    await expect.poll(() => other.snapshot().status).toBe('signed-out');
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('S19: a login of another user ends the previous login in the other tabs', async () => {
    const { auth } = await signedIn();
    provider.claims = (claims) => ({ ...claims, sub: 'user-2' });
    await signedIn();
    await expect.poll(() => auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });
});

describe('a logout that does not succeed', () => {
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
      const { auth } = await signedIn({ storage });
      const { holder } = auth.snapshot();
      state.isBroken = true;
      await expect(auth.logout({ localOnly: true })).rejects.toThrow('broken');
      expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
      expect(auth.snapshot().status).toBe('signed-out');
      await expect(auth.getAccessToken({ holder })).rejects.toMatchObject({ code: 'session_ended' });
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
      expect(auth.snapshot().status).toBe('signed-out');
      expect(events.map(({ type }) => type)).not.toContain('session.ended');
      state.isBroken = false;
      await auth.logout({ localOnly: true });
      expect(await storage.get(`countersign ${provider.issuer} spa tokens`)).toBeUndefined();
      expect(events.map(({ type }) => type)).toContain('session.ended');
    },
  );
});

test('B25: a login that is about to leave the page does not leave it after a logout', async () => {
  const { auth, visited } = await signedIn();
  const count = visited.length;
  const login = auth.login();
  const logout = auth.logout({ localOnly: true });
  await expect(login).rejects.toMatchObject({ code: 'session_ended' });
  await logout;
  expect(visited).toHaveLength(count);
  expect(auth.snapshot()).toEqual({ status: 'signed-out' });
});

test('B25: a page in which the user has logged out does not log in silently when it starts', async () => {
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
  test('goes to postLogoutRedirectUri if the provider has no end_session_endpoint', async () => {
    delete provider.metadata.end_session_endpoint;
    const { auth, visited } = await signedIn({ postLogoutRedirectUri: `${origin}/goodbye` });
    await auth.logout();
    expect(visited.at(-1)).toBe(`${origin}/goodbye`);
    const other = await signedIn();
    const visits = other.visited.length;
    await other.auth.logout();
    expect(other.visited).toHaveLength(visits);
  });

  test('signs out locally and says so if the provider is unavailable', async () => {
    const storage = createMemoryStorage();
    await signedIn({ storage });
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
