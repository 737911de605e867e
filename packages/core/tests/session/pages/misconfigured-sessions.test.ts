// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer, type Failure } from '@countersign/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuthEvent } from '../../../src/index.ts';
import { toText } from '../../support/html.ts';
import { stubNodeEnv, unstubNodeEnv } from '../../support/node-env.ts';
import { html } from '../../support/session/failed-logins.ts';
import {
  clientSecret,
  issuer,
  logInWith,
  recordLog,
  recordSecrets,
} from '../../support/session/misconfigured-login.ts';
import { createWebApp, secret } from '../../support/web-browser.ts';

// A setting can become wrong after the login. One log line, or the error of the caller, names the endpoint and the cause.

afterEach(() => {
  vi.restoreAllMocks();
  unstubNodeEnv();
});

/** Logs in with correct settings. */
async function openSession(onEvent?: (event: AuthEvent) => void) {
  const lines = recordLog();
  const secrets = [secret, clientSecret];
  const server = await createTestAuthorizationServer({ issuer });
  const fetch = recordSecrets((url, init) => server.fetch(url as string, init), secrets);
  const app = await createWebApp({}, { at: server, client: { onEvent, fetch } });
  const browser = app.open();
  await browser.logIn();
  return { app, browser, lines, secrets, server };
}

const respond = (status: number, error: string): Failure => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error }),
});

describe('a refresh', () => {
  /** Refreshes after a setting became wrong. */
  async function refresh(failure: Failure, onEvent?: (event: AuthEvent) => void) {
    const { app, browser, server, ...recorded } = await openSession(onEvent);
    server.clock.advance(3_601);
    server.fail('token', { ...failure, times: 9 });
    const session = await app.sessions.open(browser.header());
    const error: unknown = await session.getAccessToken().catch((caught: unknown) => caught);
    return { error: error as Error & { readonly code: string }, ...recorded };
  }

  test.each<[string, Failure, string, RegExp]>([
    [
      'the client secret was replaced at the provider',
      respond(401, 'invalid_client'),
      'client_rejected',
      /^error countersign: .*"web".*"invalid_client" \(status 401\) from POST https:\/\/auth\.example\.test\/token.*secret/,
    ],
    [
      'the client was disabled',
      respond(400, 'unauthorized_client'),
      'client_rejected',
      /^error countersign: .*"web".*"unauthorized_client" \(status 400\) from POST https:\/\/auth\.example\.test\/token.*registration/,
    ],
    [
      'the client may no longer request the scope',
      respond(400, 'invalid_scope'),
      'refresh_rejected',
      /^warn countersign: .*"invalid_scope" \(status 400\) from POST https:\/\/auth\.example\.test\/token.*scope/,
    ],
    [
      'a firewall rejects the request',
      { status: 403 },
      'refresh_rejected',
      /^warn countersign: .*\(status 403\) from POST https:\/\/auth\.example\.test\/token/,
    ],
  ])('%s: one log line with a level, the endpoint, and what to check', async (_, failure, code, line) => {
    const { error, lines, secrets } = await refresh(failure);
    expect(error.code).toBe(code);
    expect(lines).toEqual([expect.stringMatching(line)]);
    for (const value of secrets) expect(lines + error.message).not.toContain(value);
  });

  test.each<[string, Failure, string, RegExp]>([
    [
      'the provider is unreachable',
      { network: true },
      'network_error',
      /auth\.example\.test\/token could not be reached/,
    ],
    [
      'the provider is overloaded',
      { status: 503 },
      'server_error',
      /auth\.example\.test\/token responded with status 503/,
    ],
    [
      'a proxy responds with a page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' },
      'token_response_invalid',
      /"text\/html", expected JSON/,
    ],
  ])('%s: an event, and the error of the caller has the cause', async (_, failure, code, message) => {
    const events: AuthEvent[] = [];
    const { error, secrets } = await refresh(failure, (event) => void events.push(event));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(events.filter(({ type }) => type === 'refresh.failed')).toEqual([
      expect.objectContaining({ code }),
    ]);
    for (const value of secrets) expect(JSON.stringify(events) + error.message).not.toContain(value);
  });
});

describe('a logout', () => {
  test('with a wrong address of the revocation endpoint: one log line', async () => {
    const { browser, lines, secrets, server } = await openSession();
    server.fail('revocation', { status: 404, times: 9 });
    const response = await browser.visit('/auth/logout', {
      method: 'POST',
      headers: { origin: 'https://app.example.test' },
    });
    expect(response.status).toBe(303);
    expect(lines).toEqual([
      expect.stringMatching(
        /^error countersign: logout: .*endpoint_error: POST https:\/\/auth\.example\.test\/revoke was rejected with no OAuth error \(status 404\)/,
      ),
    ]);
    for (const value of secrets) expect(lines.join()).not.toContain(value);
  });

  test('by a logout token of another client: one log line, and status 400', async () => {
    const { app, lines, secrets, server } = await openSession();
    const token = await server.mintLogoutToken({ aud: 'another-client' });
    const response = await app.open().visit('/auth/backchannel-logout', {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    expect(response.status).toBe(400);
    expect(lines).toEqual([
      expect.stringMatching(/^error countersign: backchannelLogout: 400 logout_token_invalid: /),
    ]);
    for (const value of [...secrets, token]) expect(lines.join()).not.toContain(value);
  });
});

describe('a login', () => {
  test.each(['development', 'production'])(
    'with a session that does not fit in cookies: %s',
    async (environment) => {
      stubNodeEnv(environment);
      const claims = { groups: Array.from({ length: 2_000 }, (_, index) => `group-${index}`) };
      const { status, page, lines, secrets } = await logInWith({
        server: { flavour: 'auth0', users: [{ sub: 'alice', claims }] },
      });
      expect(status).toBe(500);
      expect(page).toContain('<code>cookies_too_large</code>');
      const cause = /session.*(store|claims)/;
      expect(lines).toEqual([expect.stringMatching(cause)]);
      if (environment === 'development') expect(toText(page)).toMatch(cause);
      else expect(toText(page)).not.toMatch(/claims|bytes/);
      for (const value of secrets) expect(lines + page).not.toContain(value);
    },
  );

  test('whose callback arrives at another host: one log line and the page name the cookies', async () => {
    stubNodeEnv('development');
    const lines = recordLog();
    const server = await createTestAuthorizationServer({ issuer });
    const app = await createWebApp({}, { at: server, client: { onEvent: undefined } });
    const start = await app.open().visit('/auth/login', { headers: html });
    const { url } = await server.authorize(start.headers.get('location') ?? '');
    // The browser has the cookies of the other host, where it was redirected to the login: none for this one.
    const response = await app.open().visit(url.pathname + url.search, { headers: html });
    const text = await response.text();
    expect(text).toContain('<code>transaction_invalid: state</code>');
    expect(lines).toEqual([expect.stringMatching(/transaction_invalid: state.*same host/)]);
    expect(toText(text)).toMatch(/same host/);
  });
});
