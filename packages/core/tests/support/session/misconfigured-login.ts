import { createTestAuthorizationServer, type Failure } from '@countersign/testing';
import { vi } from 'vitest';
import type { AuthEvent, ClientSettings } from '../../../src/index.ts';
import type { WebSessionOptions } from '../../../src/session/index.ts';
import { createWebApp, secret } from '../web-browser.ts';
import { html } from './failed-logins.ts';

export const clientSecret = 'web-secret';
export const wrongSecret = 'the-secret-of-another-environment';
export const issuer = 'https://auth.example.test';

/** A login whose application or provider has one wrong setting. Default: each setting is correct. */
export interface Misconfiguration {
  readonly client?: Partial<ClientSettings & { readonly issuer: string }>;
  readonly sessions?: Partial<WebSessionOptions>;
  readonly server?: Parameters<typeof createTestAuthorizationServer>[0];
  readonly fails?: readonly [
    endpoint: Parameters<Awaited<ReturnType<typeof createTestAuthorizationServer>>['fail']>[0],
    failure: Failure,
  ];
  /** Seconds by which the clock of the application is wrong. */
  readonly skew?: number;
  /** Changes the address of the callback. */
  readonly callback?: (url: URL) => void;
  readonly withoutCookies?: boolean;
}

/** Records the lines of the log. Each line begins with its level. */
export function recordLog(): string[] {
  const lines: string[] = [];
  for (const level of ['error', 'warn', 'info', 'log'] as const)
    vi.spyOn(console, level).mockImplementation(
      (...values) => void lines.push(`${level} ${values.join(' ')}`),
    );
  return lines;
}

/**
 * Creates a `fetch` that records what must not be shown: the tokens of each response, and the code and the verifier of each
 * request.
 */
export function recordSecrets(fetch: typeof globalThis.fetch, secrets: string[]): typeof globalThis.fetch {
  return async (url, init) => {
    const form = new URLSearchParams(typeof init?.body === 'object' ? String(init.body) : '');
    for (const name of ['code', 'code_verifier', 'refresh_token', 'token']) {
      const value = form.get(name);
      if (value) secrets.push(value);
    }
    const response = await fetch(url, init);
    const body = await response
      .clone()
      .json()
      .catch(() => ({}));
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (typeof body[name] === 'string') secrets.push(body[name]);
    }
    return response;
  };
}

/** Logs in, and returns the page, the log, the events, and the values that none of them may contain. */
export async function logInWith(
  misconfiguration: Misconfiguration,
  { onEvent }: { readonly onEvent?: (event: AuthEvent) => void } = {},
) {
  const lines = recordLog();
  const secrets = [secret, clientSecret, wrongSecret];
  const server = await createTestAuthorizationServer({ issuer, ...misconfiguration.server });
  const app = await createWebApp(misconfiguration.sessions, {
    at: server,
    client: {
      onEvent,
      fetch: recordSecrets((url, init) => server.fetch(url as string, init), secrets),
      ...(misconfiguration.skew !== undefined && {
        now: () => server.clock.now() + (misconfiguration.skew ?? 0),
      }),
      ...misconfiguration.client,
    },
  });
  if (misconfiguration.fails) server.fail(...misconfiguration.fails);
  const browser = app.open();
  let response = await browser.visit('/auth/login', { headers: html });
  if (response.status === 303 || response.status === 302) {
    const location = new URL(response.headers.get('location') ?? '');
    for (const name of ['state', 'nonce', 'code_challenge'])
      secrets.push(location.searchParams.get(name) ?? secret);
    const { url } = await server.authorize(location.href);
    secrets.push(url.searchParams.get('code') ?? secret);
    misconfiguration.callback?.(url);
    if (misconfiguration.withoutCookies) browser.cookies.clear();
    response = await browser.visit(url.pathname + url.search, { headers: html });
  }
  return { status: response.status, page: await response.text(), lines, secrets };
}
