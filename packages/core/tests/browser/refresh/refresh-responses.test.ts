// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

describe('a refresh', () => {
  test('C5: keeps the login after a server or network error, and returns a valid token', async () => {
    const { auth } = await openSignedInPage();
    const { accessToken } = await auth.getAccessToken();
    advanceClock(40);
    provider.intercept = () => new Response(null, { status: 503 });
    expect((await auth.getAccessToken()).accessToken).toBe(accessToken);
    advanceClock(30);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    provider.intercept = () => {
      throw new TypeError('failed to fetch');
    };
    advanceClock(2);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'network_error' });
    expect(auth.snapshot().status).toBe('signed-in');
    provider.intercept = undefined;
    advanceClock(3);
    expect((await auth.getAccessToken()).accessToken).not.toBe(accessToken);
  });

  test('C5: shares one failure among fifty concurrent calls', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = () => new Response(null, { status: 503 });
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => auth.getAccessToken()));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test('ends the login after invalid_grant, but not after invalid_client', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.intercept = () =>
      json({ error: 'invalid_client' }, { status: 401, headers: { 'content-type': 'application/json' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({
      code: 'client_rejected',
      error: 'invalid_client',
    });
    expect(auth.snapshot().status).toBe('signed-in');
    // The pause after the rejection.
    advanceClock(11);
    provider.intercept = () =>
      json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test.each([
    ['sub', 'user-2'],
    ['iss', 'https://evil.example'],
  ])('C1: ends the login if the refreshed ID token has another %s', async (claim, value) => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    provider.claims = (claims) => ({ ...claims, [claim]: value });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().status).toBe('signed-out');
    expect(events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason: 'other_user' }));
  });

  test.each([
    ['aud', { aud: ['spa', 'more'], azp: 'spa' }],
    ['auth_time', { auth_time: 1 }],
    ['at_hash', { at_hash: 'AAAA' }],
    ['nonce', { nonce: '' }],
    ['exp', { exp: 1 }],
    ['sub', { sub: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: ' ' }],
    ['iss', { iss: '' }],
  ])('C1: ignores a refreshed ID token with another %s, and keeps the tokens', async (check, change) => {
    const page = createPage();
    await page.auth.start();
    await page.auth.handleCallback(provider.approve(await startLogin(page, { maxAge: 600 })));
    const { claims } = page.auth.snapshot();
    advanceClock(61);
    provider.claims = (claims) => ({ ...claims, ...change });
    const { accessToken } = await page.auth.getAccessToken();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in', claims });
    expect(events).toContainEqual(expect.objectContaining({ type: 'id_token.ignored', check }));
    provider.claims = (claims) => claims;
    advanceClock(61);
    expect((await page.auth.getAccessToken()).accessToken).not.toBe(accessToken);
  });

  test.each([' ', false, 7, {}])('keeps the previous refresh token if the new one is %j', async (value) => {
    const { auth } = await openSignedInPage();
    provider.rotates = false;
    provider.body = (body) => ({ ...body, refresh_token: value });
    advanceClock(61);
    const { accessToken } = await auth.getAccessToken();
    advanceClock(61);
    expect((await auth.getAccessToken()).accessToken).not.toBe(accessToken);
    const sentTokens = provider.tokenRequests
      .slice(1)
      .map(({ parameters }) => parameters.get('refresh_token'));
    expect(sentTokens).toHaveLength(2);
    expect(sentTokens[1]).toBe(sentTokens[0]);
  });

  test('C3: retains the previous ID token and refresh token if the response has none', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(40);
    provider.body = ({ id_token, refresh_token, ...body }) => body;
    await auth.getAccessToken();
    expect(auth.snapshot().claims).toMatchObject({ sub: 'user-1' });
    advanceClock(40);
    provider.intercept = () => undefined;
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    const spent = provider.tokenRequests.slice(1).map(({ parameters }) => parameters.get('refresh_token'));
    expect(spent[0]).toBe(spent[1]);
  });

  test('S15: keeps the user signed out after a logout during a refresh', async () => {
    const { auth } = await openSignedInPage();
    advanceClock(61);
    let respond: () => void = () => {};
    const requested = new Promise<void>((begin) => {
      provider.intercept = async () => {
        begin();
        await new Promise<void>((resolve) => {
          respond = resolve;
        });
        return undefined;
      };
    });
    const token = auth.getAccessToken();
    await requested;
    await auth.logout({ localOnly: true });
    respond();
    await expect(token).rejects.toMatchObject({ code: 'session_ended' });
    expect(auth.snapshot().status).toBe('signed-out');
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
  });

  test('S15: keeps the user signed out after a logout during a login, and revokes the tokens', async () => {
    const page = createPage();
    await page.auth.start();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = async () => {
      await page.auth.logout({ localOnly: true });
      return undefined;
    };
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ code: 'session_ended' });
    await expect(page.auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
  });
});
