import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import {
  api,
  createDpopProver,
  createTestClient,
  readClaims,
  readHeader,
  reports,
} from './testing/test-client.ts';

let running: RunningProvider;
let client: ReturnType<typeof createTestClient>;
beforeAll(async () => {
  running = await startProvider({ accessTokenLifetime: 7 });
  client = createTestClient(running);
});
afterAll(() => running.close());

describe('refresh', () => {
  test('rotates the refresh token, and revokes the grant when a refresh token is reused', async () => {
    const { body: first } = await client.login();
    const { status, body: second } = await client.refresh(first.refresh_token, { resource: api });
    expect(status).toBe(200);
    expect(second.expires_in).toBe(7);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const replay = await client.refresh(first.refresh_token);
    expect(replay).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const successor = await client.refresh(second.refresh_token);
    expect(successor).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('revokes the grant when concurrent requests use the same refresh token', async () => {
    const { body } = await client.login();
    const responses = await Promise.all([1, 2, 3].map(() => client.refresh(body.refresh_token)));
    const successes = responses.filter(({ status }) => status === 200);
    expect(successes.length).toBeLessThanOrEqual(1);
    for (const { body: rotated } of successes) {
      expect((await client.refresh(rotated.refresh_token)).body.error).toBe('invalid_grant');
    }
  });

  test('returns the same refresh token without rotation', async () => {
    const other = await startProvider({ rotateRefreshTokens: false });
    try {
      const otherClient = createTestClient(other);
      const { body: first } = await otherClient.login();
      const { body: second } = await otherClient.refresh(first.refresh_token);
      expect(second.refresh_token).toBe(first.refresh_token);
      expect((await otherClient.refresh(first.refresh_token)).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});

test('requireConsentPrompt: issues a refresh token only to a login with prompt=consent', async () => {
  const other = await startProvider({ requireConsentPrompt: true });
  try {
    const otherClient = createTestClient(other);
    const browser = createTestBrowser(other.issuer);
    const logIn = async (prompt?: string) =>
      (await otherClient.exchange(await browser.logIn(otherClient.authorizationUrl({ prompt })))).body;
    expect(await logIn()).not.toHaveProperty('refresh_token');
    const { refresh_token } = await logIn('consent');
    expect((await otherClient.refresh(refresh_token)).status).toBe(200);
    // The consent of the earlier login is not enough.
    expect(await logIn()).not.toHaveProperty('refresh_token');
  } finally {
    await other.close();
  }
});

describe('resources', () => {
  const scope = 'openid offline_access items:read reports:read';

  test('are selected at the token endpoint from the requested ones', async () => {
    const { body: both } = await client.login('alice', { scope, resource: [api, reports] });
    expect(readClaims(both.access_token)).toMatchObject({ aud: api, scope: 'items:read' });
    const { body: other } = await client.refresh(both.refresh_token, { resource: reports });
    expect(readClaims(other.access_token)).toMatchObject({ aud: reports, scope: 'reports:read' });
    const { body: none } = await client.refresh(other.refresh_token);
    expect((await client.userinfo(none.access_token)).status).toBe(200);
  });

  test('are rejected if the login did not request them', async () => {
    const { body } = await client.login('alice', { scope });
    const { status, body: failure } = await client.refresh(body.refresh_token, { resource: reports });
    expect([status, failure.error]).toEqual([400, 'invalid_target']);
  });

  test('are rejected if unknown', async () => {
    const resource = 'https://other.example';
    const { url } = await createTestBrowser(running.issuer).visit(client.authorizationUrl({ resource }));
    expect(url.searchParams.get('error')).toBe('invalid_target');
  });

  test('set the format, lifetime and algorithm of their access tokens', async () => {
    const other = await startProvider({
      accessTokenAlgorithm: 'EdDSA',
      resources: {
        [api]: { scope: 'items:read', accessTokenLifetime: 3 },
        [reports]: { scope: 'reports:read', format: 'opaque' },
      },
    });
    try {
      const otherClient = createTestClient(other);
      const { body: jwt } = await otherClient.login('alice', { scope, resource: [api, reports] });
      expect([readHeader(jwt.access_token).alg, jwt.expires_in]).toEqual(['EdDSA', 3]);
      const { body: opaque } = await otherClient.refresh(jwt.refresh_token, { resource: reports });
      const { body } = await otherClient.post('/token/introspection', { token: opaque.access_token });
      expect(body).toMatchObject({ active: true, aud: reports, scope: 'reports:read', sub: 'user-alice' });
    } finally {
      await other.close();
    }
  });

  test('default to the granted resource with useGrantedResource', async () => {
    const other = await startProvider({ useGrantedResource: true });
    try {
      const otherClient = createTestClient(other);
      const { body } = await otherClient.login();
      const { body: refreshed } = await otherClient.refresh(body.refresh_token);
      expect(readClaims(refreshed.access_token).aud).toBe(api);
    } finally {
      await other.close();
    }
  });
});

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
  'access tokens can be signed with %s',
  async (alg) => {
    const other = await startProvider({ accessTokenAlgorithm: alg });
    try {
      const { body } = await createTestClient(other).login();
      const { keys } = (await (await fetch(`${other.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
      expect(keys.find(({ kid }) => kid === readHeader(body.access_token).kid)).toMatchObject({ alg });
      expect(JSON.stringify(keys)).not.toContain('"d"');
    } finally {
      await other.close();
    }
  },
);

describe('without a resource', () => {
  test('an access token is opaque, valid for userinfo, and revocable', async () => {
    const callback = await createTestBrowser(running.issuer).logIn(client.authorizationUrl());
    const { body } = await client.exchange(callback, { resource: undefined });
    expect(body.access_token).not.toContain('.');
    expect(readClaims(body.id_token)).toMatchObject({
      name: 'Alice Archer',
      email: 'alice@countersign.example',
    });
    expect((await client.userinfo(body.access_token)).body).toEqual({
      sub: 'user-alice',
      name: 'Alice Archer',
      given_name: 'Alice',
      family_name: 'Archer',
      preferred_username: 'alice',
      email: 'alice@countersign.example',
      email_verified: true,
    });
    await client.post('/token/revocation', { token: body.access_token });
    expect((await client.userinfo(body.access_token)).status).toBe(401);
  });

  test('userinfo contains only the claims that the scope or the claims parameter requests', async () => {
    const browser = createTestBrowser(running.issuer);
    const scopeOnly = { scope: 'openid', resource: undefined };
    const plain = await client.exchange(await browser.logIn(client.authorizationUrl(scopeOnly)), {
      resource: undefined,
    });
    expect((await client.userinfo(plain.body.access_token)).body).toEqual({ sub: 'user-alice' });
    const claims = JSON.stringify({
      userinfo: { email: null },
      id_token: { auth_time: { essential: true } },
    });
    const callback = await browser.logIn(client.authorizationUrl({ ...scopeOnly, claims }));
    const { body } = await client.exchange(callback, { resource: undefined });
    expect((await client.userinfo(body.access_token)).body).toEqual({
      sub: 'user-alice',
      email: 'alice@countersign.example',
    });
    expect(readClaims(body.id_token).auth_time).toEqual(expect.any(Number));
  });
});

describe('revocation', () => {
  test('of a refresh token revokes the grant', async () => {
    const { body } = await client.login();
    expect((await client.post('/token/revocation', { token: body.refresh_token })).status).toBe(200);
    expect((await client.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('of a token of another client has no effect', async () => {
    const { body } = await client.login();
    await client.post('/token/revocation', { client_id: 'native-cli', token: body.refresh_token });
    expect((await client.refresh(body.refresh_token)).status).toBe(200);
  });
});

describe('DPoP', () => {
  test('binds the access token and the refresh token to a key', async () => {
    const { thumbprint, prove } = createDpopProver();
    const url = `${running.issuer}/token`;
    const callback = await createTestBrowser(running.issuer).logIn(client.authorizationUrl());
    const { body } = await client.exchange(callback, {}, { dpop: prove('POST', url) });
    expect(body.token_type).toBe('DPoP');
    expect(readClaims(body.access_token).cnf).toEqual({ jkt: thumbprint });
    expect((await client.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    const parameters = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    const refreshed = await client.post('/token', parameters, { dpop: prove('POST', url) });
    expect(refreshed).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  });

  test('requires a nonce with requireDpopNonce', async () => {
    const other = await startProvider({ requireDpopNonce: true });
    try {
      const otherClient = createTestClient(other);
      const { prove } = createDpopProver();
      const callback = await createTestBrowser(other.issuer).logIn(otherClient.authorizationUrl());
      const url = `${other.issuer}/token`;
      const challenge = await otherClient.exchange(callback, {}, { dpop: prove('POST', url) });
      expect(challenge.body.error).toBe('use_dpop_nonce');
      const nonce = challenge.headers.get('dpop-nonce') ?? '';
      const { status } = await otherClient.exchange(callback, {}, { dpop: prove('POST', url, nonce) });
      expect(status).toBe(200);
    } finally {
      await other.close();
    }
  });
});

describe('client authentication', () => {
  test('rejects a wrong secret of the confidential client', async () => {
    const basic = (secret: string) => `Basic ${Buffer.from(`next-web:${secret}`).toString('base64')}`;
    const parameters = { client_id: undefined, grant_type: 'refresh_token', refresh_token: 'unknown' };
    const wrong = await client.post('/token', parameters, { authorization: basic('wrong') });
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
    const right = await client.post('/token', parameters, { authorization: basic('next-web-demo-secret') });
    expect([right.status, right.body.error]).toEqual([400, 'invalid_grant']);
  });
});

describe('CORS', () => {
  const origin = 'http://localhost:4200';

  test.each(['/token', '/token/revocation', '/me'])('allows the SPA to call %s', async (path) => {
    const preflight = await fetch(running.issuer + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('dpop');
  });

  test.each(['/jwks', '/.well-known/openid-configuration'])(
    'allows every origin to read %s',
    async (path) => {
      const { headers } = await fetch(running.issuer + path, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    },
  );

  test('allows only the origin of the SPA to read token responses and errors', async () => {
    const parameters = { grant_type: 'refresh_token', refresh_token: 'unknown' };
    const sameOrigin = await client.post('/token', parameters, { origin });
    expect(sameOrigin.headers.get('access-control-allow-origin')).toBe(origin);
    expect(sameOrigin.body.error).toBe('invalid_grant');
    const otherOrigin = await client.post('/token', parameters, { origin: 'http://localhost:3000' });
    expect(otherOrigin.headers.get('access-control-allow-origin')).toBeNull();
  });
});
