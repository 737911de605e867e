// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/index.ts';
import { createSessionFetch, type RequestSession } from '../../src/session/index.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../support/web-browser.ts';

const api = 'https://api.example.test';

async function start(kind: (typeof sessionKinds)[number], faults: readonly Fault[] = []) {
  const app = await createWebApp(createSessionOptions(kind), { server: { faults } });
  const { server } = app;
  const browser = app.open();
  await browser.logIn();
  const before = server.requestsTo('token').length;
  const sentTokens: (string | null)[] = [];
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    scope: 'openid',
    now: server.clock.now,
    fetch: async (url, init) => {
      if (!url.startsWith(api)) return server.fetch(url, init);
      sentTokens.push(new Headers(init.headers).get('authorization'));
      return new Response('', {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    },
  });

  async function open({ writable = true } = {}): Promise<RequestSession> {
    return app.sessions.open(browser.header(), { writable });
  }
  function receiveCookies({ cookies }: RequestSession): void {
    for (const { name, value, maxAge } of cookies) {
      if (maxAge) browser.cookies.set(name, value);
      else browser.cookies.delete(name);
    }
  }
  async function callApi(options?: { readonly writable: boolean }): Promise<number> {
    const requestSession = await open(options);
    const response = await createSessionFetch({ client, apiOrigins: [api] }, requestSession)(`${api}/items`);
    receiveCookies(requestSession);
    return response.status;
  }
  const countRefreshes = () => server.requestsTo('token').length - before;
  return { server, sentTokens, open, receiveCookies, callApi, countRefreshes };
}

describe.each(sessionKinds)('an API that rejects each token, %s session', (kind) => {
  test('causes one refresh for five minutes', async () => {
    const { server, callApi, countRefreshes, sentTokens } = await start(kind);
    for (let calls = 0; calls < 6; calls++) {
      expect(await callApi()).toBe(401);
      server.clock.advance(5);
    }
    expect(countRefreshes()).toBe(1);
    expect(new Set(sentTokens).size).toBe(2);
    server.clock.advance(4_000);
    for (let calls = 0; calls < 3; calls++) expect(await callApi()).toBe(401);
    expect(countRefreshes()).toBeLessThanOrEqual(3);
  });

  test('a token without a known lifetime is replaced each time it has expired', async () => {
    const { server, callApi, countRefreshes } = await start(kind, ['token_response_without_expires_in']);
    for (let expiries = 1; expiries <= 3; expiries++) {
      server.clock.advance(3_600);
      await callApi();
      await callApi();
      expect(countRefreshes()).toBe(expiries);
    }
  });

  test('does not prevent a refresh that the application forces', async () => {
    const { callApi, countRefreshes, open, receiveCookies } = await start(kind);
    await callApi();
    for (let calls = 0; calls < 2; calls++) {
      const requestSession = await open();
      await requestSession.getAccessToken({ forceRefresh: true });
      receiveCookies(requestSession);
    }
    expect(countRefreshes()).toBe(3);
    // The forced token is not a replacement.
    await callApi();
    await callApi();
    expect(countRefreshes()).toBe(4);
  });

  test('receives the replacement where no cookie can be set', async () => {
    const { callApi, countRefreshes } = await start(kind);
    await callApi();
    expect(await callApi({ writable: false })).toBe(401);
    expect(countRefreshes()).toBe(1);
  });

  test('does not replace a token that another request has replaced', async () => {
    const { open, receiveCookies, countRefreshes } = await start(kind);
    const first = await open();
    const { accessToken: rejectedToken } = await first.getAccessToken();
    const second = await open();
    const replacement = await second.getAccessToken({ rejectedToken });
    receiveCookies(second);
    expect(replacement.accessToken).not.toBe(rejectedToken);
    expect(await first.getAccessToken({ rejectedToken })).toEqual(replacement);
    expect(await (await open({ writable: false })).getAccessToken({ rejectedToken })).toEqual(replacement);
    expect(countRefreshes()).toBe(1);
  });
});
