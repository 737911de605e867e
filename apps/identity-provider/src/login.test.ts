import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoClients } from './data/clients.ts';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import { api, createTestClient, encode, readClaims, readHeader, redirectUri } from './testing/test-client.ts';

let running: RunningProvider;
let client: ReturnType<typeof createTestClient>;
beforeAll(async () => {
  running = await startProvider();
  client = createTestClient(running);
});
afterAll(() => running.close());

const browser = () => createTestBrowser(running.issuer);

describe('login', () => {
  test('redirects with code, state and issuer, and exchanges the code for tokens', async () => {
    const callback = await browser().logIn(client.authorizationUrl());
    expect(callback.origin + callback.pathname).toBe(redirectUri);
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      state: 'some-state',
      iss: running.issuer,
    });
    const { status, body } = await client.exchange(callback);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 60, scope: 'items:read items:write' });
    expect(readHeader(body.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
    expect(readClaims(body.access_token)).toMatchObject({
      iss: running.issuer,
      aud: api,
      sub: 'user-alice',
      client_id: 'angular-spa',
      scope: 'items:read items:write',
    });
    expect(readClaims(body.id_token)).toMatchObject({
      iss: running.issuer,
      aud: 'angular-spa',
      sub: 'user-alice',
      nonce: 'some-nonce',
      name: 'Alice Archer',
      email: 'alice@countersign.example',
    });
    expect(body.refresh_token).toEqual(expect.any(String));
  });

  test('withholds a scope that the user may not grant, and shows this on the consent page', async () => {
    const { visit } = browser();
    const login = await visit(client.authorizationUrl());
    const consent = await visit(login.url, { login: 'bob', password: 'bob-demo' });
    expect(consent.html).toMatch(/does not have this permission/);
    const { url } = await visit(`${consent.url}/confirm`, {});
    const { body } = await client.exchange(url);
    expect(body.scope).toBe('items:read');
    expect(readClaims(body.access_token).scope).toBe('items:read');
  });

  test.each(['alice', 'bob'] as const)(
    'issues a refresh token to %s with prompt=none after consent',
    async (user) => {
      const { logIn, visit } = browser();
      await logIn(client.authorizationUrl(), user);
      const { url } = await visit(client.authorizationUrl({ prompt: 'none' }));
      const { body } = await client.exchange(url);
      expect(body.refresh_token).toEqual(expect.any(String));
    },
  );

  test('asks for consent before the first refresh token of a client', async () => {
    const { logIn, visit } = browser();
    await logIn(client.authorizationUrl({ scope: 'openid items:read' }));
    const { url } = await visit(client.authorizationUrl({ scope: 'openid offline_access', prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('consent_required');
    const { html } = await visit(client.authorizationUrl({ scope: 'openid offline_access' }));
    expect(html).toContain('offline_access');
  });

  test('issues no refresh token without offline_access', async () => {
    const { body } = await client.login('alice', { scope: 'openid items:read' });
    expect(body.access_token).toEqual(expect.any(String));
    expect(body).not.toHaveProperty('refresh_token');
  });

  test('rejects prompt=none without a session', async () => {
    const { url } = await browser().visit(client.authorizationUrl({ prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('login_required');
  });

  test('requests a login with prompt=login and consent with prompt=consent', async () => {
    const { logIn, visit } = browser();
    await logIn(client.authorizationUrl());
    const login = await visit(client.authorizationUrl({ prompt: 'login' }));
    expect(login.html).toContain('name="password"');
    const consent = await visit(client.authorizationUrl({ prompt: 'consent' }));
    expect(consent.html).toContain('>Allow</button>');
  });

  test('replaces the session when another user logs in', async () => {
    const { logIn } = browser();
    await logIn(client.authorizationUrl());
    const callback = await logIn(client.authorizationUrl({ prompt: 'login' }), 'bob');
    const { body } = await client.exchange(callback);
    expect(readClaims(body.id_token).sub).toBe('user-bob');
  });

  test('rejects a wrong password and retains the username', async () => {
    const { visit } = browser();
    const login = await visit(client.authorizationUrl());
    const { status, html } = await visit(login.url, { login: 'al"ice', password: 'wrong' });
    expect(status).toBe(422);
    expect(html).toMatch(/<p[^>]+id="problem" role="alert">The username or password is incorrect/);
    expect(html).toMatch(/name="password"[^>]+autofocus[^>]+aria-invalid="true" aria-describedby="problem"/);
    expect(html).toContain('value="al&quot;ice"');
    expect(html).not.toContain('wrong');
  });

  test.each(['login', 'consent'])(
    'redirects with access_denied when the user cancels at %s',
    async (page) => {
      const { visit } = browser();
      let { url } = await visit(client.authorizationUrl());
      if (page === 'consent') ({ url } = await visit(url, { login: 'alice', password: 'alice-demo' }));
      ({ url } = await visit(`${url}/abort`, {}));
      expect(url.searchParams.get('error')).toBe('access_denied');
      expect(url.searchParams.get('iss')).toBe(running.issuer);
    },
  );

  test('rejects an interaction of another browser', async () => {
    const { url } = await browser().visit(client.authorizationUrl());
    const otherBrowser = await browser().visit(url, { login: 'alice', password: 'alice-demo' });
    expect(otherBrowser.status).toBe(400);
    expect(otherBrowser.html).toContain('session_not_found');
  });

  test('rejects consent before login', async () => {
    const { visit } = browser();
    const { url } = await visit(client.authorizationUrl());
    const { status, url: currentUrl } = await visit(`${url}/confirm`, {});
    expect(status).toBe(404);
    expect(currentUrl.origin).toBe(running.issuer);
  });
});

describe('PKCE', () => {
  test('is required of a public client', async () => {
    const { url } = await browser().visit(
      client.authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
    );
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.searchParams.has('code')).toBe(false);
  });

  test('is required of a confidential client', async () => {
    const { url } = await browser().visit(
      client.authorizationUrl({
        client_id: 'next-web',
        redirect_uri: 'http://localhost:3000/auth/callback',
        code_challenge: undefined,
        code_challenge_method: undefined,
      }),
    );
    expect(url.searchParams.get('error')).toBe('invalid_request');
  });

  test('rejects a method other than S256', async () => {
    const { url } = await browser().visit(client.authorizationUrl({ code_challenge_method: 'plain' }));
    expect(url.searchParams.get('error')).toBe('invalid_request');
  });

  test('rejects the code verifier of another request', async () => {
    const callback = await browser().logIn(client.authorizationUrl());
    const { status, body } = await client.exchange(callback, { code_verifier: 'x'.repeat(43) });
    expect(status).toBe(400);
    expect(body.error).toBe('invalid_grant');
  });
});

describe('pushed authorization request', () => {
  test('retains offline_access', async () => {
    const pushed = await client.post('/request', client.authorization());
    expect(pushed.status).toBe(201);
    const parameters = encode({ client_id: 'angular-spa', request_uri: pushed.body.request_uri });
    const callback = await browser().logIn(`${running.issuer}/auth?${parameters}`);
    const { body } = await client.exchange(callback);
    expect(body.refresh_token).toEqual(expect.any(String));
  });
});

describe('the native client', () => {
  const native = { client_id: 'native-cli', redirect_uri: 'http://127.0.0.1:54321/callback' };

  test('can use any loopback port', async () => {
    const callback = await browser().logIn(client.authorizationUrl(native));
    expect(callback.origin).toBe('http://127.0.0.1:54321');
    const { status } = await client.exchange(callback, native);
    expect(status).toBe(200);
  });

  test('cannot use another host', async () => {
    const { status, html } = await browser().visit(
      client.authorizationUrl({ ...native, redirect_uri: 'http://127.0.0.2:54321/callback' }),
    );
    expect(status).toBe(400);
    expect(html).toContain('invalid_redirect_uri');
  });
});

describe('device flow', () => {
  test('connects a device with its user code', async () => {
    const started = await client.post('/device/auth', {
      client_id: 'native-cli',
      scope: 'openid offline_access items:read',
      resource: api,
    });
    expect(started.status).toBe(200);
    const { visit } = browser();
    const entry = await visit(`${running.issuer}/device`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(entry.html)?.[1] ?? '';
    const wrong = await visit(entry.url, { xsrf, user_code: 'NOPE-NOPE' });
    expect(wrong.html).toContain('The code is not valid');
    const retry = /name="xsrf" value="([^"]+)"/.exec(wrong.html)?.[1] ?? '';
    const confirm = await visit(entry.url, { xsrf: retry, user_code: started.body.user_code });
    expect(confirm.html).toContain(started.body.user_code);
    const login = await visit(entry.url, {
      xsrf: /name="xsrf" value="([^"]+)"/.exec(confirm.html)?.[1] ?? '',
      user_code: started.body.user_code,
      confirm: 'yes',
    });
    const consent = await visit(login.url, { login: 'alice', password: 'alice-demo' });
    const done = await visit(`${consent.url}/confirm`, {});
    expect(done.html).toContain('Connected');
    const { body } = await client.post('/token', {
      client_id: 'native-cli',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: started.body.device_code,
      resource: api,
    });
    expect(readClaims(body.access_token).aud).toBe(api);
    expect(body.refresh_token).toEqual(expect.any(String));
  });
});

describe('signed messages', () => {
  test('returns a JWT response (JARM)', async () => {
    const callback = await browser().logIn(client.authorizationUrl({ response_mode: 'jwt' }));
    const response = callback.searchParams.get('response') ?? '';
    expect(readHeader(response).alg).toBe('RS256');
    expect(readClaims(response)).toMatchObject({
      iss: running.issuer,
      aud: 'angular-spa',
      state: 'some-state',
      code: expect.any(String),
    });
  });

  test('accepts a JWT request (JAR) and retains offline_access', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const [spa] = createDemoClients({ nextWeb: '', angularSpa: 'http://localhost:4200' }).slice(1);
    const other = await startProvider({
      clients: [{ ...spa!, jwks: { keys: [publicKey.export({ format: 'jwk' })] } }],
    });
    try {
      const otherClient = createTestClient(other);
      const payload = { ...otherClient.authorization(), iss: 'angular-spa', aud: other.issuer };
      const input = [{ alg: 'EdDSA', typ: 'oauth-authz-req+jwt' }, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const request = `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
      const url = (jwt: string) =>
        `${other.issuer}/auth?${encode({ client_id: 'angular-spa', request: jwt })}`;
      const callback = await createTestBrowser(other.issuer).logIn(url(request));
      expect((await otherClient.exchange(callback)).body.refresh_token).toEqual(expect.any(String));
      const forged = await createTestBrowser(other.issuer).visit(url(`${input}.${'A'.repeat(86)}`));
      expect(forged.html).toContain('invalid_request_object');
    } finally {
      await other.close();
    }
  });
});
