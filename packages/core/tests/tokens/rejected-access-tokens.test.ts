// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { type ClientSettings, TransportError } from '../../src/index.ts';
import type { JsonObject } from '../../src/internal/json/json.ts';
import { changeUser, malformedTokenResponses } from '../support/malformed-token-responses.ts';
import { baseUrl, createSessionOptions, createWebApp, sessionKinds } from '../support/web-browser.ts';

// The response to a refresh has a new refresh token, but its access token is rejected.

type Change = (body: JsonObject) => JsonObject;

/** Responses whose refresh token must be kept. */
const responses: Readonly<Record<string, Change>> = {
  'another token_type': (body) => ({ ...body, token_type: 'DPoP' }),
  'an unknown token_type': (body) => ({ ...body, token_type: 'mac' }),
  'no token_type': ({ token_type: _, ...body }) => body,
  'no access_token': ({ access_token: _, ...body }) => body,
  'an access_token that is not a string': (body) => ({ ...body, access_token: 7 }),
  'an invalid expires_in': (body) => ({ ...body, expires_in: 'soon' }),
  'an invalid scope': (body) => ({ ...body, scope: 7 }),
};

const script = { headers: { 'sec-fetch-site': 'same-origin' } };

async function start(kind: (typeof sessionKinds)[number]) {
  const server = await createTestAuthorizationServer();
  const current: {
    change: Change;
    changeText: (text: string) => BodyInit;
    validate: () => Promise<void>;
    onTokens: () => Promise<unknown>;
  } = {
    change: (body) => body,
    changeText: (text) => text,
    validate: async () => {},
    onTokens: async () => {},
  };
  const client: Partial<ClientSettings & { readonly issuer: string }> = {
    retries: 0,
    validateAccessToken: () => current.validate(),
    fetch: async (url, init) => {
      const response = await server.fetch(url, init);
      if (!url.endsWith('/token') || !response.ok) return response;
      await current.onTokens();
      const text = current.changeText(JSON.stringify(current.change(await response.json())));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
  };
  const options = { ...createSessionOptions(kind), accessTokenRoute: true };
  const app = await createWebApp(options, { at: server, client });
  const browser = app.open();
  await browser.logIn();
  server.clock.advance(3_610);
  const countRefreshes = () => server.requestsTo('token').length - 1;
  return { app, server, browser, current, countRefreshes };
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each(Object.entries(responses))(
    'K11: keeps the refresh token of a response with %s, and refreshes with it after a pause',
    async (_, change) => {
      const { app, server, browser, current, countRefreshes } = await start(kind);
      current.change = change;
      for (let calls = 0; calls < 5; calls++) {
        const failed = await browser.visit('/auth/access-token', script);
        expect(failed.status).toBe(502);
        expect(await failed.text()).toContain('token_response_invalid');
      }
      expect(countRefreshes()).toBe(1);
      // The pause grows with each failure.
      server.clock.advance(11);
      expect((await browser.visit('/auth/access-token', script)).status).toBe(502);
      server.clock.advance(11);
      expect((await browser.visit('/auth/access-token', script)).status).toBe(502);
      expect(countRefreshes()).toBe(2);
      current.change = (body) => body;
      server.clock.advance(20);
      expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
      expect(countRefreshes()).toBe(3);
      expect((await app.sessions.open(browser.header())).session).toBeDefined();
      expect(app.events).not.toContainEqual(expect.objectContaining({ type: 'session.ended' }));
    },
  );

  test.each([
    ...Object.entries(malformedTokenResponses),
    [
      'bytes that are not UTF-8',
      (text: string) => new Blob([text.replace(/\}$/, ',"user":"'), new Uint8Array([0xe9]), '"}']),
    ],
  ] satisfies [string, (text: string) => BodyInit][])(
    'K11: keeps the refresh token of a response with %s',
    async (_, changeText) => {
      const { server, browser, current, countRefreshes } = await start(kind);
      current.changeText = changeText;
      const failed = await browser.visit('/auth/access-token', script);
      expect(failed.status).toBe(502);
      expect(await failed.text()).toContain('response_malformed');
      current.changeText = (text) => text;
      server.clock.advance(11);
      expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
      expect(countRefreshes()).toBe(2);
    },
  );

  test('K11: keeps the refresh token of a form that repeats another member', async () => {
    const { server, browser, current, countRefreshes } = await start(kind);
    current.changeText = (text) =>
      `${new URLSearchParams(JSON.parse(text) as Record<string, string>)}&expires_in=1&expires_in=2`;
    const failed = await browser.visit('/auth/access-token', script);
    expect(failed.status).toBe(502);
    expect(await failed.text()).toContain('token_response_invalid');
    current.changeText = (text) => text;
    server.clock.advance(11);
    expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
    expect(countRefreshes()).toBe(2);
  });

  test('C1: ends the login if a response with malformed JSON has an ID token of another user', async () => {
    const { browser, current } = await start(kind);
    current.changeText = (text) => `${changeUser(text).slice(0, -1)},}`;
    const failed = await browser.visit('/auth/access-token', script);
    expect(failed.status).toBe(401);
    expect(await failed.text()).toContain('session_ended');
  });

  test.each([
    ['rejects the access token', new Error('wrong audience'), 502, 'access_token_invalid'],
    [
      'cannot fetch its keys',
      new TransportError('network_error', 'The keys are unavailable.'),
      503,
      'network_error',
    ],
  ])('K11: keeps the refresh token if validateAccessToken %s', async (_, error, status, code) => {
    const { server, browser, current, countRefreshes } = await start(kind);
    current.validate = () => Promise.reject(error);
    const cookies = new Map(browser.cookies);
    for (let calls = 0; calls < 5; calls++) {
      const failed = await browser.visit('/auth/access-token', script);
      expect(failed.status).toBe(status);
      expect(await failed.text()).toContain(code);
    }
    expect(countRefreshes()).toBe(1);
    current.validate = async () => {};
    server.clock.advance(11);
    // The same applies to a browser that has received no response.
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
    expect(countRefreshes()).toBe(2);
  });

  test('K11: keeps the refresh token if the access token is still valid', async () => {
    const { app, server, browser, current, countRefreshes } = await start(kind);
    expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
    server.clock.advance(3_580);
    current.change = (body) => ({ ...body, token_type: 'DPoP' });
    const first = await browser.visit('/auth/access-token', script);
    expect(first.status).toBe(200);
    expect(countRefreshes()).toBe(2);
    current.change = (body) => body;
    server.clock.advance(25);
    expect((await browser.visit('/auth/access-token', script)).status).toBe(200);
    expect(countRefreshes()).toBe(3);
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  });

  test('K11: revokes a refresh token that arrives after a logout with a rejected access token', async () => {
    const { server, browser, current } = await start(kind);
    current.change = (body) => ({ ...body, token_type: 'DPoP' });
    current.onTokens = () => browser.visit('/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    expect((await browser.visit('/auth/access-token', script)).status).toBe(401);
    expect(server.requestsTo('revocation')).toHaveLength(2);
  });
});
