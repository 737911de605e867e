import { describe, expect, test } from 'vitest';
import { clientSecretPost, fetchUserinfo } from '../src/index.ts';
import { createAccessTokenVerifier } from '../src/resource-server/index.ts';
import { audience, createApp, redirectUri } from './support/mobile-app.ts';

/** Returns all headers of a token request except User-Agent, and the expected ones. */
const compareHeaders = (format: 'json' | 'form', headers: Record<string, string> = {}) => {
  const { 'user-agent': _, ...others } = headers;
  const type = format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded;charset=UTF-8';
  return [others, { accept: 'application/json', 'content-type': type }];
};

describe('1: the authorization request', () => {
  test('contains PKCE with S256, the audience and offline_access', async () => {
    const app = await createApp();
    const { transaction } = await app.logIn();
    const [request] = app.server.requestsTo('authorization');
    expect(request).toMatchObject({ method: 'GET', path: '/authorize' });
    expect(request?.query).toEqual({
      audience,
      client_id: 'native',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid profile offline_access',
      state: transaction.state,
      nonce: transaction.nonce,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });

  test.each(['json', 'form'] as const)(
    'leads to no refresh token without offline_access and no ID token without openid, %s',
    async (format) => {
      const app = await createApp({ format, scope: 'read:items' });
      const { tokens } = await app.logIn();
      expect(tokens).not.toHaveProperty('refreshToken');
      expect(tokens).not.toHaveProperty('idToken');
      app.server.clock.advance(86_400);
      await expect(app.getAccessToken()).rejects.toMatchObject({ code: 'refresh_token_missing' });
      expect(app.server.requestsTo('token')).toHaveLength(1);
    },
  );
});

describe.each(['json', 'form'] as const)('2: the code exchange, %s', (format) => {
  test('sends exactly the documented fields', async () => {
    const app = await createApp({ format });
    const { transaction, code } = await app.logIn();
    const [request] = app.server.requestsTo('token');
    expect(request).toMatchObject({ method: 'POST', path: '/oauth/token', query: {} });
    const [sent, expected] = compareHeaders(format, request?.headers);
    expect(sent).toEqual(expected);
    expect(request?.body).toEqual({
      grant_type: 'authorization_code',
      client_id: 'native',
      code_verifier: transaction.codeVerifier,
      code,
      redirect_uri: redirectUri,
    });
  });

  test('reads the documented response', async () => {
    const app = await createApp({ format });
    const { tokens } = await app.logIn();
    expect(tokens).toMatchObject({
      accessToken: expect.stringMatching(/^ey/),
      refreshToken: expect.any(String),
      idToken: expect.stringMatching(/^ey/),
      tokenType: 'Bearer',
      expiresAt: Math.floor(app.server.clock.now() / 1000) + 86_400,
      scopes: ['openid', 'profile', 'offline_access'],
    });
  });
});

describe('3: both tokens are validated before they are stored', () => {
  test('rejects an invalid ID token', async () => {
    const app = await createApp();
    app.server.faults.add('id_token_aud_invalid');
    await expect(app.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'aud' });
    expect(app.stored()).toBeUndefined();
  });

  test.each([
    'access_token_iss_invalid',
    'access_token_aud_invalid',
    'access_token_exp_expired',
    'access_token_signature_invalid',
    'access_token_alg_none',
  ] as const)('rejects an invalid access token: %s', async (fault) => {
    let verify: ((token: string) => Promise<unknown>) | undefined;
    const app = await createApp({ options: { validateAccessToken: async (token) => verify?.(token) } });
    const verifier = createAccessTokenVerifier({
      issuer: app.server.issuer,
      audience,
      fetch: app.server.fetch,
      now: app.server.clock.now,
    });
    verify = (token) => verifier.verifyToken(token);
    await app.logIn();
    const storedBefore = app.stored();
    expect(storedBefore).toBeDefined();
    app.server.faults.add(fault);
    await expect(app.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'access_token_invalid',
    });
    await expect(app.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'access_token_invalid',
    });
    expect(app.stored()).toBe(storedBefore);
  });
});

describe('4: the ID token identifies the user, and the access token authorizes userinfo', () => {
  test('reads the claims, and calls userinfo with the access token', async () => {
    const app = await createApp();
    const { tokens } = await app.logIn();
    expect(tokens.claims).toMatchObject({ sub: 'alice', name: 'Alice Example', aud: 'native' });
    expect(await fetchUserinfo(app.client, tokens.accessToken, 'alice')).toMatchObject({
      name: 'Alice Example',
    });
    expect(app.server.requestsTo('userinfo')[0]).toMatchObject({
      method: 'GET',
      path: '/userinfo',
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
  });
});

describe.each(['json', 'form'] as const)('5: the refresh, %s', (format) => {
  /** Logs in, refreshes, and expects a request with the parameters of each client and those of the authentication. */
  async function expectRefreshRequest(
    app: Awaited<ReturnType<typeof createApp>>,
    authentication: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { tokens } = await app.logIn();
    await app.getAccessToken({ forceRefresh: true });
    const request = app.server.requestsTo('token')[1];
    expect(request).toMatchObject({ method: 'POST', path: '/oauth/token', query: {} });
    const [sent, expected] = compareHeaders(format, request?.headers);
    expect(sent).toEqual(expected);
    expect(request?.body).toEqual({
      grant_type: 'refresh_token',
      client_id: 'native',
      ...authentication,
      refresh_token: tokens.refreshToken,
    });
  }

  test('sends no secret of a public client', async () => {
    const app = await createApp({ format });
    await expectRefreshRequest(app, {});
  });

  test('sends the secret of a confidential client', async () => {
    const app = await createApp({
      format,
      registration: { clientSecret: 'a-secret', tokenEndpointAuthMethod: 'client_secret_post' },
      authentication: clientSecretPost('a-secret'),
    });
    await expectRefreshRequest(app, { client_secret: 'a-secret' });
  });

  test('reads a new access token with expiry and scopes, an ID token, and retains the refresh token', async () => {
    const app = await createApp({ format, scope: 'openid offline_access' });
    const { tokens } = await app.logIn();
    app.server.clock.advance(86_400);
    const { accessToken } = await app.getAccessToken();
    expect(accessToken).toMatchObject({
      tokenType: 'Bearer',
      scopes: ['openid', 'offline_access'],
      expiresAt: Math.floor(app.server.clock.now() / 1000) + 86_400,
    });
    expect(accessToken.accessToken).not.toBe(tokens.accessToken);
    expect(app.stored()?.idToken).not.toBe(tokens.idToken);
    expect(app.stored()?.refreshToken).toBe(tokens.refreshToken);
  });

  test('reads no ID token without openid, and a new refresh token with rotation', async () => {
    const app = await createApp({ format, scope: 'read:items offline_access', rotation: true });
    const { tokens } = await app.logIn();
    await app.getAccessToken({ forceRefresh: true });
    expect(app.stored()).not.toHaveProperty('idToken');
    expect(app.stored()?.refreshToken).not.toBe(tokens.refreshToken);
    await app.getAccessToken({ forceRefresh: true });
    expect(app.server.requestsTo('token').map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('6: an access token is refreshed', () => {
  test('only after its leeway has begun', async () => {
    const app = await createApp();
    await app.logIn();
    for (let call = 0; call < 50; call++) await app.getAccessToken();
    app.server.clock.advance(86_400 - 60);
    await app.getAccessToken();
    expect(app.server.requestsTo('token')).toHaveLength(1);
  });

  test('once for concurrent callers after its expiry', async () => {
    const app = await createApp();
    await app.logIn();
    app.server.clock.advance(86_400);
    await Promise.all(Array.from({ length: 20 }, () => app.getAccessToken()));
    expect(app.server.requestsTo('token')).toHaveLength(2);
  });

  test('once for another resource', async () => {
    const app = await createApp({
      options: { resource: [audience, 'https://other.example.test'] },
    });
    await app.logIn();
    const other = { resource: 'https://other.example.test' };
    await app.getAccessToken(other);
    await app.getAccessToken(other);
    expect(app.server.requestsTo('token')).toHaveLength(2);
    expect(app.server.requestsTo('token')[1]?.body.resource).toBe('https://other.example.test');
  });

  test('to update the claims of the ID token', async () => {
    const app = await createApp();
    const { tokens } = await app.logIn();
    app.server.clock.advance(10);
    await app.getAccessToken({ forceRefresh: true });
    expect(app.stored()?.claims?.iat).toBe((tokens.claims?.iat ?? 0) + 10);
  });

  test('only after a rate limit has passed, and the current token is returned while it is valid', async () => {
    const app = await createApp();
    await app.logIn();
    app.server.clock.advance(86_400 - 20);
    const reset = String(Math.floor(app.server.clock.now() / 1000) + 60);
    app.server.fail('token', { status: 429, headers: { 'x-ratelimit-reset': reset } });
    const { accessToken } = await app.getAccessToken();
    expect(accessToken.expiresAt).toBe(Math.floor(app.server.clock.now() / 1000) + 20);
    await app.getAccessToken();
    expect(app.server.requestsTo('token')).toHaveLength(2);
    app.server.clock.advance(30);
    const error = await app.getAccessToken().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'TransportError', code: 'rate_limited', status: 429 });
    expect((error as { retryAfter: number }).retryAfter).toBeGreaterThan(0);
    expect((error as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(60);
    expect(app.server.requestsTo('token')).toHaveLength(2);
    expect(app.stored()).toBeDefined();
  });
});
