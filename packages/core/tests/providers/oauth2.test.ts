// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createBrowserAuth } from '../../src/browser/index.ts';
import {
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  exchangeCode,
  fetchOAuth2User,
  fetchUserinfo,
  generateDpopKeyPair,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { github, type OAuth2Options, oauth2 } from '../../src/providers/index.ts';
import { createWebAuth, type WebSessionOptions } from '../../src/session/index.ts';
import { createSessionOptions, createWebApp, secret, sessionKinds } from '../support/web-browser.ts';

const redirectUri = 'https://app.example.test/auth/callback';
const json = { 'content-type': 'application/json' };

/** A GitHub App has expiring tokens; an OAuth app has one access token without an expiry. */
const clients = {
  'an OAuth app': { clientId: 'web', clientAuthentication: clientSecretPost('web-secret') },
  'a GitHub App': { clientId: 'Iv23example', clientAuthentication: clientSecretPost('app-secret') },
} as const;

const startGithub = (app: keyof typeof clients, options: Partial<WebSessionOptions> = {}) =>
  createWebApp(options, {
    server: { flavour: 'github' },
    client: { provider: github(), scope: undefined, refreshTokens: true, ...clients[app] },
  });

const acme: OAuth2Options = {
  name: 'acme',
  issuer: 'https://github.com',
  authorizationEndpoint: 'https://github.com/login/oauth/authorize',
  tokenEndpoint: 'https://github.com/login/oauth/access_token',
  userinfo: { endpoint: 'https://api.github.com/user', sub: 'id' },
};

async function logIn(userinfo: OAuth2Options['userinfo'] = acme.userinfo) {
  const server = await createTestAuthorizationServer({ flavour: 'github' });
  const client = createClient({
    provider: oauth2({ ...acme, userinfo }),
    ...clients['an OAuth app'],
    redirectUri,
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const exchange = () => exchangeCode(client, response, transaction);
  return { server, client, url, exchange };
}

describe.each(sessionKinds)('a %s session of an OAuth 2 login', (kind) => {
  test('has the user of userinfo, with the issuer of the preset, and says so', async () => {
    const app = await startGithub('an OAuth app', createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const { session } = await app.sessions.open(browser.header());
    expect(session).toMatchObject({ loginType: 'oauth2', scopes: ['read:user'] });
    expect(session?.user).toEqual({
      iss: 'https://github.com',
      sub: '1',
      name: 'Alice Example',
      email: 'alice@example.test',
      preferred_username: 'alice',
    });
  });

  test('has an access token without an expiry, and needs a new login for another one', async () => {
    const app = await startGithub('an OAuth app', createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    expect((await requestSession.getAccessToken()).expiresAt).toBeUndefined();
    await expect(requestSession.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      name: 'LoginRequiredError',
    });
  });

  test('is refreshed where the provider can, and keeps its user', async () => {
    const app = await startGithub('a GitHub App', createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const first = await app.sessions.open(browser.header());
    const { accessToken } = await first.getAccessToken();
    const refreshed = await first.getAccessToken({ forceRefresh: true });
    expect(refreshed.accessToken).not.toBe(accessToken);
    expect(first.session?.user.sub).toBe('1');
    app.server.endGrants();
    await expect(first.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'session_ended',
    });
  });

  test('ends at a logout of the application, without a page of the provider', async () => {
    const app = await startGithub('an OAuth app', createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const cookies = browser.header();
    const response = await browser.visit('/auth/logout', {
      method: 'POST',
      headers: { origin: 'https://app.example.test' },
    });
    expect(response.headers.get('location') ?? '').not.toContain('github.com');
    expect((await app.sessions.open(cookies)).session).toBeUndefined();
  });

  test('of another user replaces it', async () => {
    const app = await startGithub('an OAuth app', createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const cookies = browser.header();
    const started = await browser.visit('/auth/login');
    app.server.signIn('bob');
    const { url } = await app.server.authorize(started.headers.get('location') ?? '');
    const callback = await browser.visit(url.pathname + url.search);
    expect(callback.status, `${url} ${JSON.stringify(app.events.slice(-5))}`).toBe(303);
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('2');
    expect((await app.sessions.open(cookies)).session).toBeUndefined();
  });
});

test('an error with status 200 rejects the login: a used code, and the userinfo response', async () => {
  const { exchange } = await logIn();
  await exchange();
  await expect(exchange()).rejects.toMatchObject({ code: 'token_error', error: 'bad_verification_code' });
  const { server, client } = await logIn();
  server.fail('userinfo', { status: 200, headers: json, body: '{"ok":false,"error":"invalid_auth"}' });
  await expect(fetchOAuth2User(client, 'token')).rejects.toMatchObject({
    code: 'endpoint_error',
    error: 'invalid_auth',
  });
});

test.each([
  ['no member', '{"login":"alice"}', 'id'],
  ['null', '{"id":null}', 'id'],
  ['an empty text', '{"id":""}', 'id'],
  ['a number that has lost digits', '{"id":9007199254740993}', 'id'],
  ['a fraction', '{"id":1.5}', 'id'],
  ['a list', '{"id":["1"]}', 'id'],
  ['an inherited member', '{}', 'toString'],
])('rejects a userinfo response whose identifier is %s', async (_, body, sub) => {
  const { server, client } = await logIn({ ...acme.userinfo, sub });
  server.fail('userinfo', { status: 200, headers: json, body });
  await expect(fetchOAuth2User(client, 'token')).rejects.toMatchObject({
    code: 'userinfo_invalid',
    check: sub,
  });
});

test('ignores an ID token of the token response: nothing validates it', async () => {
  const { server, exchange } = await logIn();
  server.fail('token', {
    status: 200,
    headers: json,
    body: '{"access_token":"a","token_type":"bearer","id_token":"e30.e30."}',
  });
  const tokens = await exchange();
  expect(tokens.idToken).toBeUndefined();
  expect(tokens.claims).toBeUndefined();
});

const unsupported = expect.objectContaining({
  name: 'ConfigurationError',
  code: 'unsupported_by_provider',
});

test('what needs an ID token is an error that says so', async () => {
  const { client } = await logIn();
  for (const request of [
    { maxAge: 60 },
    { acrValues: ['mfa'] },
    { idTokenHint: 'e30.e30.' },
    { claims: { id_token: {} } },
    { scope: 'openid' },
  ])
    await expect(createAuthorizationRequest(client, request), JSON.stringify(request)).rejects.toEqual(
      unsupported,
    );
  await expect(validateLogoutToken(client, 'e30.e30.')).rejects.toEqual(unsupported);
  await expect(fetchUserinfo(client, 'token', '1')).rejects.toEqual(unsupported);
  expect(await createEndSessionUrl(client)).toBeUndefined();
  expect(() => createClient({ provider: github(), clientId: 'web', scope: 'openid' })).toThrow(unsupported);
  expect(() => createBrowserAuth({ provider: github(), clientId: 'web', redirectUri })).toThrow(unsupported);
  const oidc = createClient({ issuer: 'https://id.example', clientId: 'web' });
  await expect(fetchOAuth2User(oidc, 'token')).rejects.toEqual(unsupported);
});

test('rejects sender-constrained tokens, which the userinfo endpoint could not check', async () => {
  const dpop = { keyPair: await generateDpopKeyPair() };
  expect(() => createClient({ provider: github(), clientId: 'web', dpop })).toThrow('"dpop"');
});

test('the back-channel logout route does not exist', async () => {
  const app = await startGithub('an OAuth app');
  const response = await app.open().visit('/auth/backchannel-logout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'logout_token=e30.e30.',
  });
  expect(response.status).toBe(404);
});

test('AUTH_PROVIDER=github is enough for sessions, and sends the secret as GitHub reads it', async () => {
  const server = await createTestAuthorizationServer({ flavour: 'github' });
  const { client, sessions } = createWebAuth(
    {
      environment: {
        AUTH_PROVIDER: 'github',
        AUTH_CLIENT_ID: 'web',
        AUTH_CLIENT_SECRET: 'web-secret',
        AUTH_SECRET: secret,
        AUTH_BASE_URL: 'https://app.example.test',
      },
      fetch: server.fetch,
      now: server.clock.now,
    },
    null,
  );
  const { url, transaction } = await createAuthorizationRequest(client, { redirectUri });
  expect(url.searchParams.get('scope')).toBe('read:user');
  expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const { accessToken } = await exchangeCode(client, response, transaction);
  expect(await fetchOAuth2User(client, accessToken)).toMatchObject({ iss: 'https://github.com', sub: '1' });
  expect(sessions).toBeDefined();
});

test('rejects addresses without TLS, and a mapping without an identifier', () => {
  const insecure = 'http://acme.example';
  for (const change of [
    { issuer: insecure },
    { tokenEndpoint: insecure },
    { authorizationEndpoint: insecure },
    { revocationEndpoint: insecure },
    { userinfo: { endpoint: insecure, sub: 'id' } },
    { userinfo: { ...acme.userinfo, sub: '' } },
  ])
    expect(() => oauth2({ ...acme, ...change }), JSON.stringify(change)).toThrow(/oauth2\(\)/);
  expect(oauth2(acme).relaxes).toHaveLength(1);
});
