// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { addUserinfo } from '../../src/browser/features/add-userinfo.ts';
import { fetchUserinfo } from '../../src/browser/features/fetch-userinfo.ts';
import type { BrowserAuthOptions } from '../../src/browser/options.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  origin,
  provider,
  startLogin,
  time,
} from '../support/browser/browser-page.ts';
import { json } from '../support/browser/browser-provider.ts';

let userinfo: Record<string, unknown>;
/** The authorization headers that the endpoint received. */
let authorizationHeaders: (string | null)[];
let respond: (authorization: string | null) => Response | Promise<Response>;

beforeEach(() => {
  userinfo = { sub: 'user-1', name: 'Alice', email: 'alice@example.com' };
  authorizationHeaders = [];
  respond = () => json(userinfo);
  provider.metadata.userinfo_endpoint = `${provider.issuer}/userinfo`;
});

/** The provider with a userinfo endpoint. */
const options = (): BrowserAuthOptions => ({
  issuer: provider.issuer,
  clientId: 'spa',
  redirectUri: `${origin}/callback`,
  now: () => time,
  onEvent: (event) => events.push(event),
  fetch: async (url, init) => {
    if (!url.endsWith('/userinfo')) return provider.fetch(url, init);
    const authorization = new Headers(init.headers).get('authorization');
    authorizationHeaders.push(authorization);
    return respond(authorization);
  },
});

const rejection = (status: number, challenge: string) =>
  new Response(null, { status, headers: { 'www-authenticate': challenge } });

describe('fetchUserinfo', () => {
  test('returns the claims about the signed-in user', async () => {
    const { auth } = await openSignedInPage();
    userinfo.picture = null;
    await expect(fetchUserinfo(auth, options())).resolves.toEqual({
      sub: 'user-1',
      name: 'Alice',
      email: 'alice@example.com',
    });
    expect(authorizationHeaders).toEqual([expect.stringMatching(/^Bearer access-/)]);
  });

  test.each([{ sub: 'bob' }, { sub: undefined }, { sub: null }, { sub: ['user-1'] }, { sub: '' }])(
    'B29: rejects the claims of another user: %j',
    async (claims) => {
      const { auth } = await openSignedInPage();
      Object.assign(userinfo, claims);
      await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({
        code: 'userinfo_invalid',
        check: 'sub',
      });
    },
  );

  test.each([
    ['text', () => new Response('{}', { headers: { 'content-type': 'text/html' } })],
    ['a JWT', () => new Response('a.b.c', { headers: { 'content-type': 'application/jwt' } })],
    ['an array', () => json([userinfo])],
    ['an empty response', () => new Response()],
  ])('rejects %s', async (_, createResponse) => {
    const { auth } = await openSignedInPage();
    respond = createResponse;
    await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({ code: 'userinfo_invalid' });
  });

  test('refreshes a rejected token once', async () => {
    const { auth } = await openSignedInPage();
    respond = () =>
      authorizationHeaders.length === 1 ? rejection(401, 'Bearer error="invalid_token"') : json(userinfo);
    await expect(fetchUserinfo(auth, options())).resolves.toMatchObject({ name: 'Alice' });
    expect(new Set(authorizationHeaders).size).toBe(2);
  });

  test('reports an endpoint that rejects each token, and keeps the login', async () => {
    const { auth } = await openSignedInPage();
    respond = () => rejection(401, 'Bearer error="invalid_token"');
    await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({
      code: 'endpoint_error',
      error: 'invalid_token',
      status: 401,
    });
    expect(authorizationHeaders).toHaveLength(2);
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test('requires a signed-in user', async () => {
    const { auth } = createPage();
    await auth.start();
    await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(authorizationHeaders).toEqual([]);
  });

  test.each([undefined, 'http://login.example/userinfo', 7])('rejects the endpoint %s', async (url) => {
    const { auth } = await openSignedInPage();
    provider.metadata.userinfo_endpoint = url;
    await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({ code: 'unsupported_by_provider' });
  });

  test('B29: fails after a logout during the request', async () => {
    const { auth } = await openSignedInPage();
    respond = async () => {
      await auth.logout({ localOnly: true });
      return json(userinfo);
    };
    await expect(fetchUserinfo(auth, options())).rejects.toMatchObject({ code: 'session_ended' });
  });
});

describe('addUserinfo', () => {
  async function open() {
    const page = createPage();
    const auth = addUserinfo(page.auth, options());
    await auth.start();
    const logIn = async () => auth.handleCallback(provider.approve(await startLogin(page)));
    return { page, auth, logIn };
  }

  test('adds the claims after a login, and calls the listeners', async () => {
    const { auth, logIn } = await open();
    const names: unknown[] = [];
    auth.subscribe(() => names.push(auth.snapshot().claims?.name));
    await logIn();
    await vi.waitFor(() => expect(names.at(-1)).toBe('Alice'));
    expect(auth.snapshot()).toBe(auth.snapshot());
  });

  test('B29: does not replace a claim of the ID token', async () => {
    userinfo = { ...userinfo, iss: 'https://evil.example', aud: 'x', exp: 0, roles: ['admin'], acr: '9' };
    provider.claims = (claims) => ({ ...claims, acr: '1' });
    const { auth, logIn } = await open();
    await logIn();
    await vi.waitFor(() => expect(auth.snapshot().claims?.name).toBe('Alice'));
    expect(auth.snapshot().claims).toMatchObject({
      iss: provider.issuer,
      aud: 'spa',
      acr: '1',
      roles: ['admin'],
    });
  });

  test('keeps the claims after a refresh, and fetches them once', async () => {
    const { auth, logIn } = await open();
    await logIn();
    await vi.waitFor(() => expect(auth.snapshot().claims?.name).toBe('Alice'));
    advanceClock(60);
    await auth.getAccessToken();
    expect(auth.snapshot().claims?.name).toBe('Alice');
    expect(authorizationHeaders).toHaveLength(1);
  });

  test('B29: shows no claims of the previous user', async () => {
    const { auth, logIn } = await open();
    await logIn();
    await vi.waitFor(() => expect(auth.snapshot().claims?.name).toBe('Alice'));
    provider.claims = (claims) => ({ ...claims, sub: 'bob' });
    userinfo = { sub: 'bob', email: 'bob@example.com' };
    await logIn();
    expect(auth.snapshot().claims?.name).toBeUndefined();
    await vi.waitFor(() => expect(auth.snapshot().claims?.email).toBe('bob@example.com'));
    await auth.logout({ localOnly: true });
    expect(auth.snapshot().claims).toBeUndefined();
  });

  test('reports a failure, keeps the login, and repeats the request at a later refresh', async () => {
    respond = () => new Response(null, { status: 503 });
    const { auth, logIn } = await open();
    await logIn();
    const failures = () => events.filter(({ type }) => type === 'userinfo.failed');
    await vi.waitFor(() =>
      expect(failures()).toEqual([
        { type: 'userinfo.failed', issuer: provider.issuer, clientId: 'spa', code: 'server_error' },
      ]),
    );
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    respond = () => json(userinfo);
    await auth.getAccessToken({ forceRefresh: true });
    expect(authorizationHeaders).toHaveLength(1);
    advanceClock(61);
    await auth.getAccessToken();
    await vi.waitFor(() => expect(auth.snapshot().claims?.name).toBe('Alice'));
  });
});
