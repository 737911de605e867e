// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
  startLogin,
} from '../../../tests/support/browser/browser-page.ts';
import { stubSilentFrame } from '../../../tests/support/browser/silent-frame.ts';
import { createMemoryStorage } from './token-storage.ts';

const silentRedirectUri = `${origin}/silent.html`;
let silentRequests: URLSearchParams[];

/** Responds to each silent login in its frame. */
function respondToSilentLogins(respond: (url: string) => string = (url) => provider.approve(url)): void {
  silentRequests = [];
  stubSilentFrame((url) => {
    silentRequests.push(new URL(url).searchParams);
    return respond(url);
  });
}

const signInAsBob = () => {
  provider.claims = (claims) => ({ ...claims, sub: 'bob' });
};
const fail = (error: string) => (url: string) =>
  provider.approve(url, (p) => {
    p.delete('code');
    p.set('error', error);
  });

describe('a request that waits during a change of the user', () => {
  beforeEach(() => respondToSilentLogins());

  /** Opens a page whose refresh token the provider rejects, while Bob is signed in at the provider. */
  async function createPageWithRejectedTokens() {
    const page = await openSignedInPage({ silentRedirectUri });
    advanceClock(61);
    signInAsBob();
    provider.intercept = ({ parameters }) =>
      parameters.get('grant_type') === 'refresh_token'
        ? new Response('{"error":"invalid_grant"}', {
            status: 400,
            headers: { 'content-type': 'application/json' },
          })
        : undefined;
    return page;
  }

  test('B22: fails if a silent login returns another user, and signs no user in', async () => {
    const { auth } = await createPageWithRejectedTokens();
    await expect(auth.getAccessToken()).rejects.toMatchObject({
      name: 'LoginRequiredError',
      code: 'session_ended',
    });
    expect(auth.snapshot().claims?.sub).not.toBe('bob');
    // A revocation could end the login of the other user in another tab.
    expect(provider.revoked).toEqual([]);
  });

  test('B22: sends the ID token of the user as a hint in the silent login', async () => {
    const { auth } = await createPageWithRejectedTokens();
    await auth.getAccessToken().catch(() => {});
    const hints = silentRequests
      .map((request) => request.get('id_token_hint'))
      .filter((hint) => hint !== null);
    expect(hints.map((hint) => JSON.parse(atob(hint.split('.')[1] ?? '')).sub)).toEqual(['user-1']);
  });

  test('B22: fails and ends the login after login_required', async () => {
    const { auth } = await createPageWithRejectedTokens();
    respondToSilentLogins(fail('login_required'));
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot()).toMatchObject({ status: 'signed-out', error: { code: 'session_ended' } });
  });

  test('repeats the silent login without a rejected hint, and compares the user', async () => {
    const { auth } = await createPageWithRejectedTokens();
    respondToSilentLogins((url) =>
      new URL(url).searchParams.has('id_token_hint') ? fail('invalid_request')(url) : provider.approve(url),
    );
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    provider.claims = (claims) => claims;
    const secondPage = await createPageWithRejectedTokens();
    provider.claims = (claims) => claims;
    expect((await secondPage.auth.getAccessToken()).holder?.sub).toBe('user-1');
    const requestsWithHint = silentRequests.filter((parameters) => parameters.has('id_token_hint'));
    expect(requestsWithHint).toHaveLength(2);
  });

  test('sends no ID token in the silent login with idTokenHint: false', async () => {
    const { auth } = await openSignedInPage({ silentRedirectUri, idTokenHint: false });
    await auth.getAccessToken({ resource: 'https://other.example' }).catch(() => {});
    advanceClock(61);
    provider.body = (body) => ({ ...body, refresh_token: undefined });
    await auth.getAccessToken().catch(() => {});
    expect(silentRequests.filter((parameters) => parameters.has('id_token_hint'))).toEqual([]);
  });

  test('B23: fails if the shared storage contains tokens of another user, even before a message of the other tab', async () => {
    vi.stubGlobal('BroadcastChannel', undefined);
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage });
    signInAsBob();
    await openSignedInPage({ storage });
    expect(auth.snapshot().claims?.sub).toBe('user-1');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().claims?.sub).toBe('bob');
    expect((await auth.getAccessToken()).holder?.sub).toBe('bob');
  });

  test('B24: fails if it is repeated after a change of the user', async () => {
    const page = await openSignedInPage();
    const { accessToken, holder } = await page.auth.getAccessToken();
    signInAsBob();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    await expect(page.auth.getAccessToken({ rejectedToken: accessToken, holder })).rejects.toMatchObject({
      code: 'session_ended',
    });
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'bob' } });
  });

  test('B24: sends no token of the previous user after a change of the user', async () => {
    const page = await openSignedInPage();
    const token = await page.auth.getAccessToken();
    signInAsBob();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    const request = { method: 'POST', url: 'https://api.example/transfer' };
    await expect(page.auth.authorize(request, token)).rejects.toMatchObject({ code: 'session_ended' });
  });

  test('B24: fails after a logout and another login of the same user', async () => {
    const page = await openSignedInPage();
    const { holder } = await page.auth.getAccessToken();
    await page.auth.logout({ localOnly: true });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    await expect(page.auth.getAccessToken({ holder })).rejects.toMatchObject({ code: 'session_ended' });
    expect((await page.auth.getAccessToken()).holder?.sub).toBe('user-1');
  });

  test('receives the tokens of a step-up of the same user', async () => {
    const page = await openSignedInPage();
    const { holder, accessToken } = await page.auth.getAccessToken();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    expect((await page.auth.getAccessToken({ holder })).accessToken).not.toBe(accessToken);
  });

  test('B24: fails if it began without a login, even after a later login', async () => {
    const page = createPage();
    await page.auth.start();
    const rejection = expect(page.auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    await rejection;
    await expect(page.auth.getAccessToken({ holder: null })).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('waits for the login that the start restores', async () => {
    const { auth } = createPage({ silentRedirectUri });
    expect((await auth.getAccessToken()).holder?.sub).toBe('user-1');
  });

  test('B24: fails in a page that a server rendered for another user', async () => {
    const { auth } = createPage({ silentRedirectUri });
    await expect(auth.getAccessToken({ holder: { sub: 'bob' } })).rejects.toMatchObject({
      code: 'session_ended',
    });
    expect((await auth.getAccessToken({ holder: { sub: 'user-1' } })).holder?.sub).toBe('user-1');
  });
});

describe('a login', () => {
  test('B25: ends at a logout in another tab during a refresh, and the refreshed tokens are revoked', async () => {
    vi.stubGlobal('BroadcastChannel', undefined);
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage });
    const { auth: other } = createPage({ storage });
    await other.start();
    advanceClock(61);
    provider.intercept = async () => {
      await other.logout({ localOnly: true });
      return undefined;
    };
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(await storage.get(`countersign ${provider.issuer} spa tokens`)).toBeUndefined();
    expect(auth.snapshot().status).toBe('signed-out');
    expect(provider.revoked).toHaveLength(2);
  });

  test('B25: returns no tokens after a logout that were read before it', async () => {
    const memoryStorage = createMemoryStorage();
    let readSlowly: (() => Promise<void>) | undefined;
    const { auth } = await openSignedInPage({
      storage: {
        ...memoryStorage,
        async get(key) {
          const tokens = await memoryStorage.get(key);
          await readSlowly?.();
          return tokens;
        },
      },
    });
    let release: () => void = () => {};
    let waiting: Promise<unknown> | undefined;
    await new Promise<void>((reached) => {
      readSlowly = () => {
        reached();
        return new Promise((resolve) => {
          release = resolve;
        });
      };
      waiting = auth.getAccessToken().catch((error: unknown) => error);
    });
    readSlowly = undefined;
    await auth.logout({ localOnly: true });
    release();
    expect(await waiting).toMatchObject({ code: 'session_ended' });
  });

  test('continues if the token for one resource is missing', async () => {
    provider.body = (body) => ({ ...body, refresh_token: undefined });
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    for (const tokenRequest of [
      { rejectedToken: accessToken },
      { scope: 'items:write' },
      { resource: 'https://other.example' },
      { forceRefresh: true },
    ])
      await expect(auth.getAccessToken(tokenRequest)).rejects.toMatchObject({
        code: 'refresh_token_missing',
      });
    expect(auth.snapshot().status).toBe('signed-in');
    expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
  });

  test('B27: continues after a temporary failure of the storage', async () => {
    const memoryStorage = createMemoryStorage();
    let broken = false;
    const { auth } = await openSignedInPage({
      storage: {
        ...memoryStorage,
        reach: 'shared',
        get: (key) => (broken ? Promise.reject(new Error('broken')) : memoryStorage.get(key)),
      },
    });
    broken = true;
    await expect(auth.getAccessToken()).rejects.toThrow('broken');
    broken = false;
    expect(auth.snapshot().status).toBe('signed-in');
    expect((await auth.getAccessToken()).holder?.sub).toBe('user-1');
  });
});
