// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import { createPage, later, origin, provider, startLogin, storage } from '../support/browser-page.ts';
import { json } from '../support/browser-provider.ts';

describe('the answer to a login', () => {
  /** Refused, and the code was not used. */
  async function refused(change: (parameters: URLSearchParams) => void, check: string): Promise<void> {
    const page = createPage();
    const callback = provider.approve(await startLogin(page), change);
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ check });
    expect(provider.tokenRequests).toEqual([]);
    expect(page.auth.snapshot()).toMatchObject({ status: 'error', error: { check } });
  }

  test('C6: a state that nobody waits for is refused', () => refused((p) => p.set('state', 'x'), 'state'));

  test('C6: an answer without a state is refused', () => refused((p) => p.delete('state'), 'state'));

  test('C6: another issuer is refused before the code is used', () =>
    refused((p) => p.set('iss', 'https://evil.example'), 'iss'));

  test('C6: a missing issuer is refused where the provider always names it', () =>
    refused((p) => p.delete('iss'), 'iss'));

  test('C6: another issuer is refused even where the provider does not announce it', async () => {
    delete provider.metadata.authorization_response_iss_parameter_supported;
    await refused((p) => p.set('iss', 'https://evil.example'), 'iss');
  });

  test('C6: a repeated parameter is refused', () => refused((p) => p.append('code', 'x'), 'repeated'));

  test.each(['response', 'access_token', 'id_token'])('C6: an answer with %s is refused', (name) =>
    refused((p) => p.set(name, 'x'), 'response_mode'),
  );

  test('C6: an answer without a code is refused', () => refused((p) => p.delete('code'), 'code'));

  test('C6: a login can be completed once, and a refused answer uses it up as well', async () => {
    const page = createPage();
    const url = await startLogin(page);
    const wrong = provider.approve(url, (p) => p.set('iss', 'https://evil.example'));
    await expect(page.auth.handleCallback(wrong)).rejects.toMatchObject({ check: 'iss' });
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'state' });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('C6: a forged answer signs nobody out', async () => {
    const page = createPage();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    const forged = `${origin}/callback?code=forged&state=forged`;
    await expect(page.auth.handleCallback(forged)).rejects.toMatchObject({ check: 'state' });
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', error: { check: 'state' } });
  });

  test('C6: a login that was started too long ago is refused', async () => {
    const page = createPage();
    const url = await startLogin(page);
    later(3601);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'expired' });
  });

  test('S10: a login of another client is refused', async () => {
    const other = createPage({ clientId: 'other' });
    const url = await startLogin(other);
    const page = createPage();
    // Even under this client's own name in the storage.
    for (const [name, value] of storage) sessionStorage.setItem(name.replace(' other ', ' spa '), value);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'issuer' });
  });

  test('S10: a login at another provider is refused, even under the name of this one', async () => {
    const page = createPage();
    const url = await startLogin(page);
    for (const [name, value] of storage) {
      sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(value), issuer: 'https://evil.example' }));
    }
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'issuer' });
    expect(provider.tokenRequests).toEqual([]);
  });

  /** The first of two logins waits for its tokens until the second one, of this user, is complete. */
  async function completeTwo(sub: string) {
    const page = createPage();
    const [first, second] = [await startLogin(page), await startLogin(page)];
    let release: () => void = () => {};
    const begun = new Promise<void>((begin) => {
      provider.intercept = () => {
        begin();
        provider.intercept = undefined;
        return new Promise((resolve) => {
          release = () => resolve(undefined);
        });
      };
    });
    const slow = page.auth.handleCallback(provider.approve(first));
    await begun;
    provider.claims = (claims) => ({ ...claims, sub });
    await page.auth.handleCallback(provider.approve(second));
    const { accessToken } = await page.auth.getAccessToken();
    provider.claims = (claims) => claims;
    release();
    return { page, slow, accessToken };
  }

  test('B21: of two users who log in at the same time, the first to complete is kept', async () => {
    const { page, slow, accessToken } = await completeTwo('user-2');
    await expect(slow).rejects.toMatchObject({ code: 'session_ended' });
    expect((await page.auth.getAccessToken()).accessToken).toBe(accessToken);
    expect(page.auth.snapshot().claims?.sub).toBe('user-2');
  });

  test('S15: of two logins of one user that end at the same time, the last to complete is kept', async () => {
    const { page, slow, accessToken } = await completeTwo('user-1');
    await slow;
    expect((await page.auth.getAccessToken()).accessToken).not.toBe(accessToken);
    expect(provider.revoked).toEqual([]);
  });

  test('a user who allowed no scope of the API is signed in without any', async () => {
    const page = createPage();
    provider.body = (body) => ({ ...body, scope: '' });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', scopes: [] });
  });

  test('a refusal by the provider is handed on, its text bounded and on one line', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page), (p) => {
      p.delete('code');
      p.set('error', 'access_denied');
      p.set('error_description', `no\n${'x'.repeat(1000)}`);
    });
    const error = await page.auth.handleCallback(callback).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'authorization_error', error: 'access_denied' });
    expect((error as { errorDescription: string }).errorDescription).toHaveLength(300);
    expect((error as { errorDescription: string }).errorDescription).not.toContain('\n');
  });

  test('B9: logins that run beside each other do not disturb each other', async () => {
    const page = createPage();
    const first = await startLogin(page, { returnTo: '/first' });
    const second = await startLogin(page, { returnTo: '/second' });
    expect(await page.auth.handleCallback(provider.approve(first))).toEqual({ returnTo: '/first' });
    expect(await page.auth.handleCallback(provider.approve(second))).toEqual({ returnTo: '/second' });
  });

  test('S14: logins that were begun and left are forgotten, the oldest first', async () => {
    const page = createPage();
    const urls: string[] = [];
    for (let times = 0; times < 10; times++) {
      urls.push(await startLogin(page));
      later(1);
    }
    expect([...storage.keys()].filter((name) => name.includes(' login '))).toHaveLength(8);
    await page.auth.handleCallback(provider.approve(urls[9] as string));
    await expect(page.auth.handleCallback(provider.approve(urls[0] as string))).rejects.toMatchObject({
      check: 'state',
    });
  });

  test('a token endpoint that answers with a redirect is refused', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () =>
      new Response(null, { status: 307, headers: { location: 'https://evil.example' } });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'response_malformed',
      check: 'redirect',
    });
  });

  test('C9: an oversized or ambiguous answer is refused', async () => {
    for (const [body, check] of [
      [`{"access_token":"a","access_token":"b","token_type":"Bearer"}`, 'json'],
      [`"${'x'.repeat(1_100_000)}"`, 'size'],
      ['[]', 'body'],
      ['{"token_type":"Bearer"}', 'id_token'],
    ] as const) {
      const page = createPage();
      const callback = provider.approve(await startLogin(page));
      provider.intercept = () => new Response(body, { headers: { 'content-type': 'application/json' } });
      await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ check });
      expect(page.auth.snapshot().status).toBe('error');
    }
  });

  test.each([
    ['token_type', { token_type: 'mac' }],
    ['token_type', { token_type: 'DPoP' }],
    ['token_type', { token_type: undefined }],
    ['expires_in', { expires_in: -1 }],
    ['expires_in', { expires_in: 'soon' }],
    ['access_token', { access_token: { token: true } }],
    ['access_token', { access_token: '' }],
    ['refresh_token', { refresh_token: '' }],
    ['scope', { scope: ['openid'] }],
    ['id_token', { id_token: 7 }],
  ])('C9: tokens with a wrong %s are refused: %j', async (check, change) => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.body = (body) => ({ ...body, ...change });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'token_response_invalid',
      check,
    });
    expect(page.auth.snapshot().status).toBe('error');
  });

  test('a demand for a nonce is answered by nobody who has no proofs', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () =>
      json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'content-type': 'application/json' } });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ error: 'use_dpop_nonce' });
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('C8: every request tells the browser to follow no redirect', async () => {
    const asked: (RequestRedirect | undefined)[] = [];
    const page = createPage({
      fetch: (url, init) => {
        asked.push(init.redirect);
        return provider.fetch(url, init);
      },
    });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    expect(asked).toEqual(['manual', 'manual', 'manual']);
  });

  test('a provider that cannot do PKCE with S256 is not used', async () => {
    provider.metadata.code_challenge_methods_supported = ['plain'];
    await expect(createPage().auth.login()).rejects.toMatchObject({ code: 'unsupported_by_provider' });
  });

  test('metadata of another issuer, or with a plain http endpoint, is refused', async () => {
    provider.metadata.issuer = `${provider.issuer}/`;
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'issuer' });
    provider.metadata.issuer = provider.issuer;
    provider.metadata.authorization_endpoint = 'http://login.example/auth';
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'authorization_endpoint' });
  });
});
