import assert from 'node:assert/strict';
import type { TestAuthorizationServer } from '@countersign/testing';
import type { HttpBrowser, VisitedPage } from '../http-browser.ts';
import {
  type NextSessions,
  type NextSessionsOptions,
  startNextSessions,
} from '../servers/apps/next-sessions.ts';
import { createDrivenClock } from '../servers/clock/driven-clock.ts';

/** A requirement for the sessions of each running application: built or in development, on each version of Next. */
export interface Row {
  readonly title: string;
  readonly check: (app: RowApp) => Promise<void>;
  /** Another row checks the same path with another input. Default: false. */
  readonly isVariation?: boolean;
}

/** A running application of `compatibility/next-sessions`, in all configurations of `lib/variants.ts`. */
export interface RowApp extends NextSessions {
  /** The API rejects the token of this count of requests. */
  readonly api: { rejections: number; readonly requests: string[] };
  /** The application runs in `next dev`. */
  readonly isDevelopment: boolean;
  /** Advances the clocks of application and provider. */
  readonly advance: (seconds: number) => void;
  /** Returns the host of a configuration. */
  readonly findHost: (variant: string) => string;
  /** Sets how often operations of the stores fail. */
  readonly setFaults: (faults: Readonly<Record<string, number>>) => Promise<void>;
}

/** In seconds. */
export const accessTokenLifetime = 300;

/** A user whose session needs two cookies. */
export const heavyUser = `heavy-${'x'.repeat(249)}`;

export async function startRowApp(options: Pick<NextSessionsOptions, 'copy' | 'dev'> = {}): Promise<RowApp> {
  const clock = createDrivenClock();
  const api = { rejections: 0, requests: [] as string[] };
  const app = await startNextSessions({
    ...options,
    accessTokenLifetime,
    users: [heavyUser],
    environment: { ...clock.environment, VARIANTS: '1' },
    api(request, response) {
      api.requests.push(request.headers.authorization ?? '');
      if (api.rejections-- <= 0) return response.end('[]');
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return response.writeHead(401, headers).end('{"error":"invalid_token"}');
    },
  }).catch((error: unknown) => {
    clock.remove();
    throw error;
  });
  const { host, port } = new URL(app.origin);
  return {
    ...app,
    api,
    isDevelopment: options.dev !== undefined,
    advance(seconds) {
      clock.advance(seconds);
      app.op.clock.advance(seconds);
    },
    findHost: (variant) => (variant === '' ? host : `${variant}.localhost:${port}`),
    async setFaults(faults) {
      const response = await fetch(`${app.origin}/api/faults`, {
        method: 'POST',
        body: JSON.stringify(faults),
      });
      assert.equal(response.status, 200);
    },
    async stop() {
      await app.stop().finally(clock.remove);
    },
  };
}

export const countRefreshes = ({ op }: { readonly op: TestAuthorizationServer }): number =>
  op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token').length;

/** Whether the provider still accepts this access token. */
export async function isActive({ op }: RowApp, accessToken: string): Promise<boolean> {
  const response = await op.fetch(String(op.metadata.introspection_endpoint), {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('web:web-secret')}` },
    body: new URLSearchParams({ token: accessToken }),
  });
  return (await response.json()).active;
}

/** The session that the application shows to the browser. */
export async function readSession(
  browser: HttpBrowser,
  cookie?: string,
): Promise<{ readonly user: { readonly sub: string }; readonly data: unknown } | null> {
  const { status, html } = await browser.visit('/auth/session', cookie === undefined ? {} : { cookie });
  assert.equal(status, 200, html);
  return JSON.parse(html).session;
}

export const readUser = async (browser: HttpBrowser, cookie?: string): Promise<string | undefined> =>
  (await readSession(browser, cookie))?.user.sub;

/** Starts a login. Returns the address of the provider. */
export async function beginLogin(browser: HttpBrowser, query = '', host?: string): Promise<URL> {
  const { status, location, html } = await browser.visit(
    `/auth/login${query}`,
    host ? { headers: { host } } : {},
  );
  assert.equal(status, 303, html);
  assert.ok(location);
  return location;
}

/** Finds the login to which a page leads: by a redirect, or by an element if the beginning of the page was already sent. */
export function findLogin({ location, html }: VisitedPage): string | undefined {
  const path = location
    ? location.pathname + location.search
    : /http-equiv="refresh" content="\d+;url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  return path?.startsWith('/auth/login') ? path : undefined;
}

/** How often the response sets each cookie. */
export function countCookies({ headers }: VisitedPage): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of headers['set-cookie'] ?? []) {
    const name = line.slice(0, line.indexOf('='));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Posts a form of the application. */
export const post = (
  browser: HttpBrowser,
  app: RowApp,
  path: string,
  fields: Record<string, string> = {},
  host = app.findHost(''),
) => browser.visit(path, { form: new URLSearchParams(fields), headers: { origin: `http://${host}` } });

/** Sends a logout token of the provider. Returns the status. */
export async function postLogoutToken(app: RowApp, host: string, logoutToken: string): Promise<number> {
  const form = new URLSearchParams({ logout_token: logoutToken });
  return (await app.open(host).visit('/auth/backchannel-logout', { form })).status;
}

/** The page shows the user and the data of the API. */
export const data = 'alice has 200 []';
