// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import { createPage, origin, provider, signedIn, startLogin } from '../support/browser-page.ts';

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
