// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import {
  createPage,
  origin,
  provider,
  showPage,
  startLogin,
  storage,
  time,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

describe('login', () => {
  test('sends PKCE, state and nonce, and returns to the current page', async () => {
    const page = createPage();
    await page.auth.start();
    expect(page.auth.snapshot().status).toBe('signed-out');
    const url = new URL(await startLogin(page));
    const parameters = Object.fromEntries(url.searchParams);
    expect(parameters).toMatchObject({
      client_id: 'spa',
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${origin}/callback`,
      scope: 'openid offline_access items:read',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(parameters[name]).toMatch(/^[\w-]{43}$/);
    expect(await page.auth.handleCallback(provider.approve(url.href))).toEqual({
      returnTo: '/items?filter=a%26b#second',
    });
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } });
    expect(page.auth.snapshot().expiresAt).toBe(time / 1000 + 60);
  });

  test.each([
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\t//evil.example', '/'],
    ['https:evil.example', '/'],
    ['https://evil.example/items', '/'],
    ['https://app.example@evil.example/', '/'],
    ['/.//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/%09/evil', '/%09/evil'],
    ['/fine?a=b#c', '/fine?a=b#c'],
  ])('S2: sanitizes returnTo %j to %j', async (returnTo, expected) => {
    const page = createPage();
    const url = await startLogin(page, { returnTo });
    const { returnTo: sanitized } = await page.auth.handleCallback(provider.approve(url));
    expect(sanitized).toBe(expected);
  });

  test('adds the scope of a step-up, and requests its maxAge and acrValues', async () => {
    const page = createPage();
    const url = await startLogin(page, { scope: 'items:write items:read', maxAge: 0, acrValues: ['high'] });
    const parameters = new URL(url).searchParams;
    expect(parameters.get('scope')).toBe('openid offline_access items:read items:write');
    expect(parameters.get('max_age')).toBe('0');
    expect(parameters.get('acr_values')).toBe('high');
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'acr' });
  });

  test('sends only client_id and request_uri after a pushed request', async () => {
    provider.metadata = {
      ...provider.metadata,
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: `${provider.issuer}/par`,
    };
    provider.intercept = () => json({ request_uri: 'urn:request:1', expires_in: 60 });
    const parameters = new URL(await startLogin(createPage())).searchParams;
    expect(Object.fromEntries(parameters)).toEqual({ client_id: 'spa', request_uri: 'urn:request:1' });
    for (const request_uri of [undefined, { toString: {} }, ['urn:request:1']]) {
      provider.intercept = () => json({ request_uri, expires_in: 60 });
      await expect(startLogin(createPage())).rejects.toMatchObject({
        code: 'response_malformed',
        check: 'request_uri',
      });
    }
  });

  test('S6: rejects additional parameters that decide the security of a login', async () => {
    for (const name of ['redirect_uri', 'code_challenge', 'state', 'nonce', 'request', 'response_mode']) {
      await expect(startLogin(createPage(), { parameters: { [name]: 'x' } })).rejects.toMatchObject({
        code: 'invalid_option',
      });
    }
    const url = await startLogin(createPage(), { parameters: { organization: 'a&state=b' } });
    expect(new URL(url).searchParams.getAll('organization')).toEqual(['a&state=b']);
  });

  test('RFC 9449: binds the code to the DPoP key with its thumbprint', async () => {
    const dpop = async () => ({
      thumbprint: 'thumbprint',
      createProof: async () => 'proof',
      saveNonce: () => false,
    });
    const url = await startLogin(createPage({ dpop }));
    expect(new URL(url).searchParams.get('dpop_jkt')).toBe('thumbprint');
    expect(new URL(await startLogin(createPage())).searchParams.has('dpop_jkt')).toBe(false);
  });

  test('start() removes the code from the address bar, then completes the callback', async () => {
    const first = createPage();
    const callback = provider.approve(await startLogin(first));
    const savedItems = new Map(storage);
    showPage(callback);
    for (const [name, value] of savedItems) sessionStorage.setItem(name, value);
    provider.intercept = () => {
      expect(location.href).toBe(`${origin}/callback`);
      return undefined;
    };
    const second = createPage();
    expect(await second.auth.start()).toEqual({ returnTo: '/items?filter=a%26b#second' });
    expect(second.auth.snapshot().status).toBe('signed-in');
  });
});

test('an undefined option of login() keeps the default', async () => {
  const page = createPage();
  const url = await startLogin(page, { redirectUri: undefined, scope: undefined, navigate: undefined });
  const parameters = new URL(url).searchParams;
  expect(parameters.get('redirect_uri')).toBe(`${origin}/callback`);
  expect(parameters.get('scope')).toBe('openid offline_access items:read');
});
