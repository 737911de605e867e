// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createEndedLogin } from '../../../src/browser/state/login-holder.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  events,
  openSignedInPage,
  origin,
  provider,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

const silentRedirectUri = `${origin}/silent.html`;
const otherApi = 'https://other.example';

/** Responds to each silent login in its frame. */
function respondToSilentLogins(respond: (url: string) => string = (url) => provider.approve(url)) {
  const requests: URLSearchParams[] = [];
  vi.stubGlobal('document', {
    createElement: () => ({
      src: '',
      contentWindow: { location: { href: '' } },
      load: () => {},
      addEventListener(_: string, load: () => void) {
        this.load = load;
      },
      remove: () => {},
    }),
    body: {
      append(frame: { src: string; load(): void; contentWindow: { location: { href: string } } }) {
        requests.push(new URL(frame.src).searchParams);
        frame.contentWindow.location.href = respond(frame.src);
        queueMicrotask(() => frame.load());
      },
    },
  });
  return requests;
}

const fail = (error: string) => (url: string) =>
  provider.approve(url, (parameters) => {
    parameters.delete('code');
    parameters.set('error', error);
  });

const omitRefreshTokens = () => {
  provider.body = (body) => ({ ...body, refresh_token: undefined });
};

const readStoredTokens = async (storage: ReturnType<typeof createMemoryStorage>) =>
  storage.get(`countersign ${provider.issuer} spa tokens`);

describe('a login without a refresh token', () => {
  beforeEach(omitRefreshTokens);

  test.each([
    ['a token that an API rejected', (accessToken: string) => ({ rejectedToken: accessToken })],
    ['a scope that the token does not cover', () => ({ scope: 'items:write' })],
    ['another resource', () => ({ resource: otherApi })],
    ['forceRefresh', () => ({ forceRefresh: true })],
  ])('B28: continues after %s, with and without silent login', async (_, createRequest) => {
    for (const options of [{}, { silentRedirectUri }]) {
      const storage = createMemoryStorage();
      const { auth } = await openSignedInPage({ ...options, storage });
      const { accessToken } = await auth.getAccessToken();
      const frames = respondToSilentLogins(fail('login_required'));
      for (let call = 0; call < 20; call++) {
        const request = auth.getAccessToken(createRequest(accessToken));
        await expect(request).rejects.toMatchObject({ code: 'refresh_token_missing' });
      }
      expect(frames.length).toBeLessThanOrEqual(1);
      expect(auth.snapshot().status).toBe('signed-in');
      expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
      expect((await readStoredTokens(storage))?.accessTokens[0]?.accessToken).toBe(accessToken);
    }
  });

  test('uses a token whose scopes include the requested scope', async () => {
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    for (const scope of ['items:read', 'openid items:read', 'items:read  openid'])
      expect((await auth.getAccessToken({ scope })).accessToken).toBe(accessToken);
    await expect(auth.getAccessToken({ scope: 'items:read items:write' })).rejects.toMatchObject({
      code: 'refresh_token_missing',
    });
    advanceClock(61);
    await expect(auth.getAccessToken({ scope: 'items:read' })).rejects.toMatchObject({
      code: 'refresh_token_missing',
    });
  });

  test('requests the token of another resource in a silent login, and keeps the other tokens', async () => {
    const { auth } = await openSignedInPage({ silentRedirectUri });
    const { accessToken, scopes } = await auth.getAccessToken();
    const frames = respondToSilentLogins();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, () => auth.getAccessToken({ resource: otherApi })),
    );
    expect(new Set(tokens.map((token) => token.accessToken)).size).toBe(1);
    expect(tokens[0]).toMatchObject({ resource: otherApi });
    expect(frames.map((parameters) => parameters.getAll('resource'))).toEqual([[otherApi]]);
    expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
    expect((await auth.getAccessToken({ resource: otherApi })).accessToken).toBe(tokens[0]?.accessToken);
    expect(auth.snapshot().scopes).toEqual(scopes);
    expect(frames).toHaveLength(1);
  });

  test('B28: replaces a rejected token in a silent login, but not its replacement', async () => {
    const { auth } = await openSignedInPage({ silentRedirectUri });
    const frames = respondToSilentLogins();
    let { accessToken } = await auth.getAccessToken();
    for (let poll = 0; poll < 20; poll++)
      ({ accessToken } = await auth.getAccessToken({ rejectedToken: accessToken }));
    expect(frames).toHaveLength(1);
  });

  test.each(['interaction_required', 'consent_required', 'login_required', 'account_selection_required'])(
    'B28: opens one frame for a burst of requests for another resource, and one after a pause (%s)',
    async (error) => {
      provider.body = (body) => ({ ...body, refresh_token: undefined, expires_in: 600 });
      const { auth } = await openSignedInPage({ silentRedirectUri });
      const frames = respondToSilentLogins(fail(error));
      for (let burst = 0; burst < 5; burst++) {
        const results = await Promise.allSettled(
          Array.from({ length: 10 }, () => auth.getAccessToken({ resource: otherApi })),
        );
        expect(results.every(({ status }) => status === 'rejected')).toBe(true);
      }
      expect(frames).toHaveLength(1);
      advanceClock(11);
      await auth.getAccessToken({ resource: otherApi }).catch(() => {});
      expect(frames).toHaveLength(2);
      advanceClock(11);
      await auth.getAccessToken({ resource: otherApi }).catch(() => {});
      expect(frames).toHaveLength(2);
      expect(auth.snapshot().status).toBe('signed-in');
    },
  );
});

describe('a login with a refresh token', () => {
  const countRefreshes = () =>
    provider.tokenRequests.filter(({ parameters }) => parameters.get('grant_type') === 'refresh_token')
      .length;

  test('B28: refreshes once per token lifetime for an API that rejects each token', async () => {
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage });
    let { accessToken } = await auth.getAccessToken();
    const poll = async () => ({ accessToken } = await auth.getAccessToken({ rejectedToken: accessToken }));
    for (let times = 0; times < 20; times++) await poll();
    expect(countRefreshes()).toBe(1);
    advanceClock(61);
    for (let times = 0; times < 20; times++) await poll();
    // The expired token was refreshed, and its successor was rejected for the first time.
    expect(countRefreshes()).toBeLessThanOrEqual(3);
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('refreshes at each call with forceRefresh, and replaces its token once after a rejection', async () => {
    const { auth } = await openSignedInPage();
    for (const count of [1, 2, 3]) {
      await auth.getAccessToken({ forceRefresh: true });
      expect(countRefreshes()).toBe(count);
    }
    const { accessToken } = await auth.getAccessToken();
    const replaced = await auth.getAccessToken({ rejectedToken: accessToken });
    expect(replaced.accessToken).not.toBe(accessToken);
    expect(countRefreshes()).toBe(4);
    await auth.getAccessToken({ forceRefresh: true });
    expect(countRefreshes()).toBe(5);
  });

  const badRequest = (body: object) =>
    json(body, { status: 400, headers: { 'content-type': 'application/json' } });

  test.each([
    [
      'suberror consent_required',
      { error: 'invalid_grant', suberror: 'consent_required' },
      'interaction_required',
    ],
    ['suberror basic_action', { error: 'invalid_grant', suberror: 'basic_action' }, 'interaction_required'],
    ['interaction_required', { error: 'interaction_required' }, 'interaction_required'],
    ['consent_required', { error: 'consent_required' }, 'interaction_required'],
    ['invalid_target', { error: 'invalid_target' }, 'token_error'],
    ['invalid_scope', { error: 'invalid_scope' }, 'token_error'],
  ])(
    'B28: keeps the tokens of other APIs after a refresh for one API is rejected with %s',
    async (_, body, code) => {
      const storage = createMemoryStorage();
      const { auth } = await openSignedInPage({ silentRedirectUri, storage });
      const frames = respondToSilentLogins(fail('login_required'));
      const { accessToken } = await auth.getAccessToken();
      const { status: _status, ...before } = auth.snapshot();
      provider.intercept = ({ parameters }) =>
        parameters.get('resource') === otherApi ? badRequest(body) : undefined;
      for (let call = 0; call < 20; call++)
        await expect(auth.getAccessToken({ resource: otherApi })).rejects.toMatchObject({ code });
      expect(countRefreshes()).toBe(1);
      expect(frames).toEqual([]);
      expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: before.claims });
      expect((await readStoredTokens(storage))?.refreshToken).toMatch(/^refresh-/);
      expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
      advanceClock(61);
      expect((await auth.getAccessToken()).accessToken).not.toBe(accessToken);
      expect(auth.snapshot().status).toBe('signed-in');
    },
  );

  test('uses a token whose scopes include the requested scope if the provider issues no narrower token', async () => {
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    provider.intercept = () => badRequest({ error: 'invalid_scope' });
    expect((await auth.getAccessToken({ scope: 'items:read' })).accessToken).toBe(accessToken);
    provider.intercept = () => new Response(null, { status: 503 });
    expect((await auth.getAccessToken({ scope: 'openid' })).accessToken).toBe(accessToken);
  });
});

describe('the tokens of a refresh', () => {
  const key = () => `countersign ${provider.issuer} spa tokens`;

  test('C5: are stored before the keys of its ID token are fetched', async () => {
    const memory = createMemoryStorage();
    let failKeyRequest: (() => void) | undefined;
    const { auth } = await openSignedInPage({
      storage: memory,
      fetch: (url, init) => {
        if (!url.endsWith('/jwks') || provider.tokenRequests.length < 2) return provider.fetch(url, init);
        return new Promise((_, reject) => {
          failKeyRequest = () => reject(new TypeError('failed to fetch'));
        });
      },
    });
    const { claims } = auth.snapshot();
    const spent = (await memory.get(key()))?.refreshToken;
    advanceClock(61);
    await provider.rotateKeys();
    const token = auth.getAccessToken();
    await vi.waitFor(() => expect(failKeyRequest).toBeDefined());
    // If the page closes now, the new refresh token is stored.
    const stored = await memory.get(key());
    expect(stored?.refreshToken).not.toBe(spent);
    failKeyRequest?.();
    expect((await token).accessToken).toBe(stored?.accessTokens[0]?.accessToken);
    expect(auth.snapshot().claims).toEqual(claims);
    expect(events.map(({ type }) => type)).toContain('id_token.ignored');
  });

  test.each([
    ['a future iat', (claims: Record<string, unknown>) => ({ ...claims, iat: Number(claims.iat) + 120 })],
    ['an old exp', (claims: Record<string, unknown>) => ({ ...claims, exp: Number(claims.iat) - 600 })],
    ['another auth_time', (claims: Record<string, unknown>) => ({ ...claims, auth_time: 1 })],
    ['another audience', (claims: Record<string, unknown>) => ({ ...claims, aud: 'other' })],
  ])('C5: are kept with the previous ID token if the new ID token has %s', async (_, change) => {
    const storage = createMemoryStorage();
    const { auth } = await openSignedInPage({ storage });
    const before = await storage.get(key());
    advanceClock(61);
    provider.claims = change;
    const { accessToken } = await auth.getAccessToken();
    const after = await storage.get(key());
    expect(after?.refreshToken).not.toBe(before?.refreshToken);
    expect(after?.accessTokens[0]?.accessToken).toBe(accessToken);
    advanceClock(61);
    expect((await auth.getAccessToken()).accessToken).not.toBe(accessToken);
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test.each([7, true, {}, ['x'], 'x', 'a.b.c'])('C5: are kept if the ID token is %j', async (idToken) => {
    const { auth } = await openSignedInPage();
    const { claims } = auth.snapshot();
    provider.body = (body) => ({ ...body, id_token: idToken });
    for (let times = 0; times < 2; times++) {
      advanceClock(61);
      expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
    }
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims });
    expect(events.filter(({ type }) => type === 'id_token.ignored')).toHaveLength(2);
  });

  test('C5: are kept if the ID token is null', async () => {
    const { auth } = await openSignedInPage();
    const { claims } = auth.snapshot();
    provider.body = (body) => ({ ...body, id_token: null });
    for (let times = 0; times < 2; times++) {
      advanceClock(61);
      await auth.getAccessToken();
    }
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims });
  });

  test('C1: are not stored if the ID token names another user', async () => {
    const storage = createMemoryStorage();
    const { auth } = await openSignedInPage({ storage });
    const ended = createEndedLogin(await storage.get(key()));
    advanceClock(61);
    provider.claims = (claims) => ({ ...claims, sub: 'bob' });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(await storage.get(key())).toEqual(ended);
    expect(auth.snapshot().status).toBe('signed-out');
  });
});
