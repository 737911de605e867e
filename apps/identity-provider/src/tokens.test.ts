import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestBrowser } from './testing/test-browser.ts';
import {
  api,
  claimsOf,
  createDpopProver,
  createTestClient,
  headerOf,
  reports,
} from './testing/test-client.ts';

let running: RunningProvider;
let client: ReturnType<typeof createTestClient>;
beforeAll(async () => {
  running = await startProvider({ accessTokenLife: 7 });
  client = createTestClient(running);
});
afterAll(() => running.close());

describe('refresh', () => {
  test('rotates, and a replayed refresh token ends the grant', async () => {
    const { body: first } = await client.login();
    const { status, body: second } = await client.refresh(first.refresh_token, { resource: api });
    expect(status).toBe(200);
    expect(second.expires_in).toBe(7);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const replayed = await client.refresh(first.refresh_token);
    expect(replayed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const successor = await client.refresh(second.refresh_token);
    expect(successor).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('with one refresh token in two requests at once succeeds once at most, and ends the grant', async () => {
    const { body } = await client.login();
    const answers = await Promise.all([1, 2, 3].map(() => client.refresh(body.refresh_token)));
    const succeeded = answers.filter(({ status }) => status === 200);
    expect(succeeded.length).toBeLessThanOrEqual(1);
    for (const { body: rotated } of succeeded) {
      expect((await client.refresh(rotated.refresh_token)).body.error).toBe('invalid_grant');
    }
  });

  test('keeps the refresh token where rotation is off', async () => {
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

describe('resources', () => {
  const scope = 'openid offline_access items:read reports:read';

  test('are chosen at the token endpoint among those that were asked for', async () => {
    const { body: both } = await client.login('alice', { scope, resource: [api, reports] });
    expect(claimsOf(both.access_token)).toMatchObject({ aud: api, scope: 'items:read' });
    const { body: other } = await client.refresh(both.refresh_token, { resource: reports });
    expect(claimsOf(other.access_token)).toMatchObject({ aud: reports, scope: 'reports:read' });
    const { body: none } = await client.refresh(other.refresh_token);
    expect((await client.userinfo(none.access_token)).status).toBe(200);
  });

  test('that were not asked for are refused', async () => {
    const { body } = await client.login('alice', { scope });
    const { status, body: refused } = await client.refresh(body.refresh_token, { resource: reports });
    expect([status, refused.error]).toEqual([400, 'invalid_target']);
  });

  test('that do not exist are refused', async () => {
    const resource = 'https://other.example';
    const { url } = await createTestBrowser(running.issuer).visit(client.authorizationUrl({ resource }));
    expect(url.searchParams.get('error')).toBe('invalid_target');
  });

  test('are opaque, short-lived or signed otherwise where they say so', async () => {
    const other = await startProvider({
      accessTokenAlgorithm: 'EdDSA',
      resources: {
        [api]: { scope: 'items:read', accessTokenLife: 3 },
        [reports]: { scope: 'reports:read', format: 'opaque' },
      },
    });
    try {
      const otherClient = createTestClient(other);
      const { body: jwt } = await otherClient.login('alice', { scope, resource: [api, reports] });
      expect([headerOf(jwt.access_token).alg, jwt.expires_in]).toEqual(['EdDSA', 3]);
      const { body: opaque } = await otherClient.refresh(jwt.refresh_token, { resource: reports });
      const { body } = await otherClient.post('/token/introspection', { token: opaque.access_token });
      expect(body).toMatchObject({ active: true, aud: reports, scope: 'reports:read', sub: 'user-alice' });
    } finally {
      await other.close();
    }
  });

  test('that were granted are the default where the provider is told so', async () => {
    const other = await startProvider({ useGrantedResource: true });
    try {
      const otherClient = createTestClient(other);
      const { body } = await otherClient.login();
      const { body: refreshed } = await otherClient.refresh(body.refresh_token);
      expect(claimsOf(refreshed.access_token).aud).toBe(api);
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
      expect(keys.find(({ kid }) => kid === headerOf(body.access_token).kid)).toMatchObject({ alg });
      expect(JSON.stringify(keys)).not.toContain('"d"');
    } finally {
      await other.close();
    }
  },
);

describe('without a resource', () => {
  test('an access token is opaque, serves userinfo, and can be revoked', async () => {
    const callback = await createTestBrowser(running.issuer).signIn(client.authorizationUrl());
    const { body } = await client.exchange(callback, { resource: undefined });
    expect(body.access_token).not.toContain('.');
    expect(claimsOf(body.id_token)).toMatchObject({
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

  test('userinfo holds no more than the scope allows, but for the claims parameter', async () => {
    const browser = createTestBrowser(running.issuer);
    const scopeOnly = { scope: 'openid', resource: undefined };
    const plain = await client.exchange(await browser.signIn(client.authorizationUrl(scopeOnly)), {
      resource: undefined,
    });
    expect((await client.userinfo(plain.body.access_token)).body).toEqual({ sub: 'user-alice' });
    const claims = JSON.stringify({
      userinfo: { email: null },
      id_token: { auth_time: { essential: true } },
    });
    const callback = await browser.signIn(client.authorizationUrl({ ...scopeOnly, claims }));
    const { body } = await client.exchange(callback, { resource: undefined });
    expect((await client.userinfo(body.access_token)).body).toEqual({
      sub: 'user-alice',
      email: 'alice@countersign.example',
    });
    expect(claimsOf(body.id_token).auth_time).toEqual(expect.any(Number));
  });
});

describe('revocation', () => {
  test('of a refresh token ends the grant', async () => {
    const { body } = await client.login();
    expect((await client.post('/token/revocation', { token: body.refresh_token })).status).toBe(200);
    expect((await client.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('of a token of another client does nothing', async () => {
    const { body } = await client.login();
    await client.post('/token/revocation', { client_id: 'native-cli', token: body.refresh_token });
    expect((await client.refresh(body.refresh_token)).status).toBe(200);
  });
});

describe('DPoP', () => {
  test('binds access token and refresh token to a key', async () => {
    const { thumbprint, prove } = createDpopProver();
    const url = `${running.issuer}/token`;
    const callback = await createTestBrowser(running.issuer).signIn(client.authorizationUrl());
    const { body } = await client.exchange(callback, {}, { dpop: prove('POST', url) });
    expect(body.token_type).toBe('DPoP');
    expect(claimsOf(body.access_token).cnf).toEqual({ jkt: thumbprint });
    expect((await client.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    const parameters = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    const refreshed = await client.post('/token', parameters, { dpop: prove('POST', url) });
    expect(refreshed).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  });

  test('demands a nonce where the provider is told so', async () => {
    const other = await startProvider({ requireDpopNonce: true });
    try {
      const otherClient = createTestClient(other);
      const { prove } = createDpopProver();
      const callback = await createTestBrowser(other.issuer).signIn(otherClient.authorizationUrl());
      const url = `${other.issuer}/token`;
      const asked = await otherClient.exchange(callback, {}, { dpop: prove('POST', url) });
      expect(asked.body.error).toBe('use_dpop_nonce');
      const nonce = asked.headers.get('dpop-nonce') ?? '';
      const { status } = await otherClient.exchange(callback, {}, { dpop: prove('POST', url, nonce) });
      expect(status).toBe(200);
    } finally {
      await other.close();
    }
  });
});

describe('client authentication', () => {
  test('of the confidential client needs its secret', async () => {
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

  test.each(['/token', '/token/revocation', '/me'])('lets the SPA call %s', async (path) => {
    const preflight = await fetch(running.issuer + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('dpop');
  });

  test.each(['/jwks', '/.well-known/openid-configuration'])('lets everybody read %s', async (path) => {
    const { headers } = await fetch(running.issuer + path, { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('lets the SPA read token answers and errors, and no other origin', async () => {
    const parameters = { grant_type: 'refresh_token', refresh_token: 'unknown' };
    const own = await client.post('/token', parameters, { origin });
    expect(own.headers.get('access-control-allow-origin')).toBe(origin);
    expect(own.body.error).toBe('invalid_grant');
    const foreign = await client.post('/token', parameters, { origin: 'http://localhost:3000' });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });
});
