import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoggedRequest } from './request-log.ts';
import { type RunningProvider, startProvider } from './start.ts';

const log: LoggedRequest[] = [];
let running: RunningProvider;
const redirectUri = 'http://localhost:4200/callback';
const api = 'https://api.countersign.example';

beforeAll(async () => {
  running = await startProvider({ requestLog: (request) => log.push(request) });
});
afterAll(() => running.close());

/** A browser without pages: keeps cookies, follows redirects as long as they stay at the provider. */
function createBrowser() {
  const cookies = new Map<string, string>();
  return async function visit(
    url: string,
    form?: Record<string, string>,
  ): Promise<{ url: string; response: Response }> {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (!location) return { url, response };
    const next = new URL(location, url);
    return next.origin === running.issuer ? visit(next.href) : { url: next.href, response };
  };
}

const verifier = randomBytes(32).toString('base64url');

function authorizationUrl(parameters: Record<string, string> = {}): string {
  const url = new URL('/auth', running.issuer);
  const all = {
    client_id: 'angular-spa',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access items:read items:write',
    resource: api,
    state: 'state-of-the-test',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) {
    const values = name === 'resource' ? value.split(' ') : [value];
    for (const each of values) if (each !== '') url.searchParams.append(name, each);
  }
  return url.href;
}

async function signIn(
  user: 'alice' | 'bob',
  parameters: Record<string, string> = {},
  visit = createBrowser(),
): Promise<URL> {
  const page = await visit(authorizationUrl(parameters));
  const consent = await visit(page.url, { login: user, password: `${user}-demo` });
  if (new URL(consent.url).origin !== running.issuer) return new URL(consent.url);
  return new URL((await visit(`${consent.url}/confirm`, {})).url);
}

async function token(
  parameters: Record<string, string>,
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(`${running.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'angular-spa', ...parameters }),
  });
  return { status: response.status, body: await response.json() };
}

const exchange = (callback: URL, resource = api) =>
  token({
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...(resource !== '' && { resource }),
  });

const claims = (jwt = '') => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

describe('login', () => {
  test('yields ID token, API token and refresh token, and names the issuer', async () => {
    const callback = await signIn('alice');
    expect(callback.searchParams.get('iss')).toBe(running.issuer);
    const { status, body } = await exchange(callback);
    expect(status).toBe(200);
    expect(claims(body.access_token)).toMatchObject({
      aud: api,
      sub: 'user-alice',
      scope: 'items:read items:write',
    });
    expect(claims(body.id_token)).toMatchObject({ sub: 'user-alice', aud: 'angular-spa' });
    expect(body.refresh_token).toBeTruthy();
  });

  test('grants bob no write scope, and does not ask him again', async () => {
    const visit = createBrowser();
    const { body } = await exchange(await signIn('bob', {}, visit));
    expect(claims(body.access_token).scope).toBe('items:read');
    const silent = await visit(authorizationUrl({ prompt: 'none' }));
    expect(new URL(silent.url).searchParams.get('error')).toBeNull();
    expect(new URL(silent.url).searchParams.get('code')).toBeTruthy();
  });

  test('gives no refresh token without offline_access', async () => {
    const { body } = await exchange(await signIn('alice', { scope: 'openid items:read' }));
    expect(body.access_token).toBeTruthy();
    expect(body.refresh_token).toBeUndefined();
  });

  test('says that the password is wrong, and keeps the login', async () => {
    const visit = createBrowser();
    const page = await visit(authorizationUrl());
    const again = await visit(page.url, { login: 'alice', password: 'wrong' });
    expect(again.response.status).toBe(401);
    const html = await again.response.text();
    expect(html).toContain('do not go together');
    expect(html).toContain('value="alice"');
  });

  test('refuses a request without PKCE', async () => {
    const visit = createBrowser();
    const { url } = await visit(authorizationUrl({ code_challenge: '', code_challenge_method: '' }));
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request');
  });

  test('denied consent comes back as access_denied', async () => {
    const visit = createBrowser();
    const page = await visit(authorizationUrl());
    const consent = await visit(page.url, { login: 'alice', password: 'alice-demo' });
    const { url } = await visit(`${consent.url}/abort`, {});
    expect(new URL(url).searchParams.get('error')).toBe('access_denied');
  });
});

describe('refresh', () => {
  test('rotates, and a replayed refresh token ends the grant', async () => {
    const { body: first } = await exchange(await signIn('alice'));
    const refresh = (refreshToken = '') =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken, resource: api });
    const { body: second } = await refresh(first.refresh_token);
    expect(second.refresh_token).toBeTruthy();
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await refresh(first.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await refresh(second.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  test('gives a token for each resource that was granted, and for no other', async () => {
    const reports = 'https://reports.countersign.example';
    const refresh = (refreshToken = '') =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken, resource: reports });
    const scope = 'openid offline_access items:read reports:read';
    const { body: both } = await exchange(await signIn('alice', { scope, resource: `${api} ${reports}` }));
    const { body } = await refresh(both.refresh_token);
    expect(claims(body.access_token)).toMatchObject({ aud: reports, scope: 'reports:read' });
    const { body: one } = await exchange(await signIn('alice', { scope }));
    expect(await refresh(one.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });
});

describe('pages and endpoints', () => {
  test('escape what a request brings', async () => {
    const response = await fetch(authorizationUrl({ client_id: '<img src=x onerror=alert(1)>' }));
    const html = await response.text();
    expect(response.status).toBe(400);
    expect(html).not.toContain('<img');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('a token without resource serves userinfo, and can be revoked', async () => {
    const { body } = await exchange(
      await signIn('alice', { resource: '', scope: 'openid profile email offline_access' }),
      '',
    );
    const opaque = await token({ grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' });
    const userinfo = () =>
      fetch(`${running.issuer}/me`, { headers: { authorization: `Bearer ${opaque.body.access_token}` } });
    expect(await (await userinfo()).json()).toMatchObject({
      sub: 'user-alice',
      email: 'alice@countersign.example',
    });
    await fetch(`${running.issuer}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'angular-spa', token: opaque.body.access_token ?? '' }),
    });
    expect((await userinfo()).status).toBe(401);
  });

  test('log protocol requests without secrets', async () => {
    const since = log.length;
    await exchange(await signIn('alice'));
    const lines = log.slice(since);
    expect(lines.filter(({ grant_type }) => grant_type === 'authorization_code')).toMatchObject([
      { method: 'POST', path: '/token', client_id: 'angular-spa', status: 200 },
    ]);
    expect(JSON.stringify(log)).not.toContain(verifier);
  });
});

test('listens on loopback only', async () => {
  await expect(startProvider({ host: '0.0.0.0' })).rejects.toThrow(/loopback only/);
});
