// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import {
  advanceClock,
  createPage,
  origin,
  provider,
  startLogin,
  storage,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

describe('an authorization response', () => {
  /** Expects a rejection before the code is sent. */
  async function expectRejected(change: (parameters: URLSearchParams) => void, check: string): Promise<void> {
    const page = createPage();
    const callback = provider.approve(await startLogin(page), change);
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ check });
    expect(provider.tokenRequests).toEqual([]);
    expect(page.auth.snapshot()).toMatchObject({ status: 'error', error: { check } });
  }

  test('C6: is rejected with an unknown state', () => expectRejected((p) => p.set('state', 'x'), 'state'));

  test('C6: is rejected without state', () => expectRejected((p) => p.delete('state'), 'state'));

  test('C6: is rejected with another issuer, before the code is sent', () =>
    expectRejected((p) => p.set('iss', 'https://evil.example'), 'iss'));

  test('C6: is rejected without iss if the metadata announces it', () =>
    expectRejected((p) => p.delete('iss'), 'iss'));

  test('C6: is rejected with another issuer even if the metadata does not announce iss', async () => {
    delete provider.metadata.authorization_response_iss_parameter_supported;
    await expectRejected((p) => p.set('iss', 'https://evil.example'), 'iss');
  });

  test('C6: is rejected with a repeated parameter', () =>
    expectRejected((p) => p.append('code', 'x'), 'repeated'));

  test.each(['response', 'access_token', 'id_token'])('C6: is rejected with the parameter %s', (name) =>
    expectRejected((p) => p.set(name, 'x'), 'response_mode'),
  );

  test('C6: is rejected without code', () => expectRejected((p) => p.delete('code'), 'code'));

  test('C6: deletes its transaction, even if it is rejected', async () => {
    const page = createPage();
    const url = await startLogin(page);
    const wrong = provider.approve(url, (p) => p.set('iss', 'https://evil.example'));
    await expect(page.auth.handleCallback(wrong)).rejects.toMatchObject({ check: 'iss' });
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'state' });
    expect(provider.tokenRequests).toEqual([]);
  });

  test('C6: does not sign the user out if it is forged', async () => {
    const page = createPage();
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    const forged = `${origin}/callback?code=forged&state=forged`;
    await expect(page.auth.handleCallback(forged)).rejects.toMatchObject({ check: 'state' });
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', error: { check: 'state' } });
  });

  test('C6: is rejected after the lifetime of its transaction', async () => {
    const page = createPage();
    const url = await startLogin(page);
    advanceClock(3601);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'expired' });
  });

  test('C6: is accepted after the clock was set back, but not before the lifetime of its transaction', async () => {
    const page = createPage();
    const url = await startLogin(page);
    const other = await startLogin(page);
    // The clocks of the provider and the page are the same one.
    advanceClock(-3600);
    await page.auth.handleCallback(provider.approve(url));
    expect(page.auth.snapshot().status).toBe('signed-in');
    advanceClock(-1);
    await expect(page.auth.handleCallback(provider.approve(other))).rejects.toMatchObject({
      check: 'expired',
    });
  });

  test('S10: is rejected with the transaction of another client', async () => {
    const other = createPage({ clientId: 'other' });
    const url = await startLogin(other);
    const page = createPage();
    // The attacker copies it to the storage name of this client.
    for (const [name, value] of storage) sessionStorage.setItem(name.replace(' other ', ' spa '), value);
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'issuer' });
  });

  test('S10: is rejected with the transaction of another provider under the storage name of this one', async () => {
    const page = createPage();
    const url = await startLogin(page);
    for (const [name, value] of storage) {
      sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(value), issuer: 'https://evil.example' }));
    }
    await expect(page.auth.handleCallback(provider.approve(url))).rejects.toMatchObject({ check: 'issuer' });
    expect(provider.tokenRequests).toEqual([]);
  });

  /** Completes two logins. The first one receives its tokens after the second one, of the given user, is complete. */
  async function completeTwo(sub: string) {
    const page = createPage();
    const [first, second] = [await startLogin(page), await startLogin(page)];
    let release: () => void = () => {};
    const requested = new Promise<void>((begin) => {
      provider.intercept = () => {
        begin();
        provider.intercept = undefined;
        return new Promise((resolve) => {
          release = () => resolve(undefined);
        });
      };
    });
    const slow = page.auth.handleCallback(provider.approve(first));
    await requested;
    provider.claims = (claims) => ({ ...claims, sub });
    await page.auth.handleCallback(provider.approve(second));
    const { accessToken } = await page.auth.getAccessToken();
    provider.claims = (claims) => claims;
    release();
    return { page, slow, accessToken };
  }

  test('B21: of two users ends with session_ended if the other user has logged in first', async () => {
    const { page, slow, accessToken } = await completeTwo('user-2');
    await expect(slow).rejects.toMatchObject({ code: 'session_ended' });
    expect((await page.auth.getAccessToken()).accessToken).toBe(accessToken);
    expect(page.auth.snapshot().claims?.sub).toBe('user-2');
  });

  test('S15: replaces an earlier login of the same user', async () => {
    const { page, slow, accessToken } = await completeTwo('user-1');
    await slow;
    expect((await page.auth.getAccessToken()).accessToken).not.toBe(accessToken);
    expect(provider.revoked).toEqual([]);
  });

  test('signs the user in if no scope is granted', async () => {
    const page = createPage();
    provider.body = (body) => ({ ...body, scope: '' });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', scopes: [] });
  });

  test('leads to an error whose description is one line of limited length', async () => {
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

  test('B9: completes its login while another login is pending', async () => {
    const page = createPage();
    const first = await startLogin(page, { returnTo: '/first' });
    const second = await startLogin(page, { returnTo: '/second' });
    expect(await page.auth.handleCallback(provider.approve(first))).toEqual({ returnTo: '/first' });
    expect(await page.auth.handleCallback(provider.approve(second))).toEqual({ returnTo: '/second' });
  });

  test('S14: is rejected if its transaction is older than eight others', async () => {
    const page = createPage();
    const urls: string[] = [];
    for (let times = 0; times < 10; times++) {
      urls.push(await startLogin(page));
      advanceClock(1);
    }
    expect([...storage.keys()].filter((name) => name.includes(' login '))).toHaveLength(8);
    await page.auth.handleCallback(provider.approve(urls[9] as string));
    await expect(page.auth.handleCallback(provider.approve(urls[0] as string))).rejects.toMatchObject({
      check: 'state',
    });
  });

  test('is rejected if the token endpoint redirects', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () =>
      new Response(null, { status: 307, headers: { location: 'https://evil.example' } });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'response_malformed',
      check: 'redirect',
    });
  });

  test('C9: is rejected if the token response is too large or ambiguous', async () => {
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
    ['refresh_token', { refresh_token: 7 }],
    ['scope', { scope: ['openid', 7] }],
    ['id_token', { id_token: 7 }],
  ])('C9: is rejected if the token response has an invalid %s: %j', async (check, change) => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.body = (body) => ({ ...body, ...change });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'token_response_invalid',
      check,
    });
    expect(page.auth.snapshot().status).toBe('error');
  });

  test('is rejected without a second request if the provider requires a DPoP nonce from a client without DPoP', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () =>
      json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'content-type': 'application/json' } });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ error: 'use_dpop_nonce' });
    expect(provider.tokenRequests).toHaveLength(1);
  });

  test('C8: causes no request that follows redirects', async () => {
    const redirectModes: (RequestRedirect | undefined)[] = [];
    const page = createPage({
      fetch: (url, init) => {
        redirectModes.push(init.redirect);
        return provider.fetch(url, init);
      },
    });
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    expect(redirectModes).toEqual(['manual', 'manual', 'manual']);
  });

  test('login() rejects a provider without PKCE S256', async () => {
    provider.metadata.code_challenge_methods_supported = ['plain'];
    await expect(createPage().auth.login()).rejects.toMatchObject({ code: 'unsupported_by_provider' });
  });

  test('login() rejects metadata of another issuer or with a plain http endpoint', async () => {
    provider.metadata.issuer = `${provider.issuer}/`;
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'issuer' });
    provider.metadata.issuer = provider.issuer;
    provider.metadata.authorization_endpoint = 'http://login.example/auth';
    await expect(createPage().auth.login()).rejects.toMatchObject({ check: 'authorization_endpoint' });
  });
});

test.each([
  ['access_denied', /denied access/],
  ['user_cancelled_login', /denied access/],
  ['user_cancelled_authorize', /denied access/],
  ['invalid_scope', /requested the scope "openid offline_access items:read"/],
  ['unauthorized_client', /authorization code flow for the client "spa"/],
  ['consent_required', /without prompt=none/],
  ['temporarily_unavailable', /Try again later/],
  ['invalid_request', /Compare the registration of the client "spa"/],
])('the error %s contains the description of the provider and the remedy', async (error, remedy) => {
  const page = createPage();
  const callback = provider.approve(await startLogin(page), (parameters) => {
    parameters.delete('code');
    parameters.set('error', error);
    parameters.set('error_description', 'The reason\u0000\nof the provider');
  });
  const { message } = await page.auth.handleCallback(callback).then(
    () => expect.unreachable(),
    (reason: Error) => reason,
  );
  expect(message).toMatch(new RegExp(`login: ${error} \\(The reason of the provider\\)\\. `));
  expect(message).toMatch(remedy);
});
