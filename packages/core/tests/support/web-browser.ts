import {
  createTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import { type AuthEvent, type ClientSettings, clientSecretBasic, createClient } from '../../src/index.ts';
import {
  createMemorySessionStore,
  createWebSessions,
  type RouterRequest,
  type WebSessionOptions,
  type WebSessions,
} from '../../src/session/index.ts';

export const baseUrl = 'https://app.example.test';
export const secret = 'a secret for tests with more than 32 characters';

/** Both kinds of session must behave in the same way. */
export const sessionKinds = ['cookie', 'stored'] as const;

export const createSessionOptions = (kind: (typeof sessionKinds)[number]): Partial<WebSessionOptions> =>
  kind === 'stored' ? { store: createMemorySessionStore() } : {};

/** A model of a browser that stores cookies and sends them back. */
export interface TestBrowser {
  readonly cookies: Map<string, string>;
  /** All `Set-Cookie` lines that it has received. */
  readonly receivedCookies: string[];
  readonly header: () => string;
  /** @param router properties from the headers of a framework's router */
  visit(path: string, init?: RequestInit, router?: RouterRequest): Promise<Response>;
  /** Completes a login. */
  logIn(path?: string): Promise<Response>;
  /** Stores the cookies of a response. */
  take(response: Response): void;
}

export interface WebApp {
  readonly server: TestAuthorizationServer;
  readonly sessions: WebSessions;
  readonly events: AuthEvent[];
  open(cookies?: Map<string, string>): TestBrowser;
}

export async function createWebApp(
  options: Partial<WebSessionOptions> = {},
  more: {
    readonly client?: Partial<ClientSettings & { readonly issuer: string }>;
    readonly server?: TestAuthorizationServerOptions;
    readonly at?: TestAuthorizationServer;
  } = {},
): Promise<WebApp> {
  const server = more.at ?? (await createTestAuthorizationServer(more.server));
  const events: AuthEvent[] = [];
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    scope: 'openid profile email offline_access',
    fetch: (url, init) => server.fetch(url, init),
    now: server.clock.now,
    onEvent: (event) => events.push(event),
    ...more.client,
  });
  const sessions = createWebSessions(client, { secret, baseUrl, ...options });
  return { server, sessions, events, open: (cookies) => createBrowser(server, sessions, cookies) };
}

function createBrowser(
  server: TestAuthorizationServer,
  sessions: WebSessions,
  cookies = new Map<string, string>(),
): TestBrowser {
  const receivedCookies: string[] = [];
  const browser: TestBrowser = {
    cookies,
    receivedCookies,
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    take(response) {
      for (const line of response.headers.getSetCookie()) {
        receivedCookies.push(line);
        const [pair = ''] = line.split(';');
        const at = pair.indexOf('=');
        if (/; Max-Age=0(;|$)/.test(line)) cookies.delete(pair.slice(0, at));
        else cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
    },
    async visit(path, init = {}, router = undefined) {
      const headers = new Headers(init.headers);
      headers.set('cookie', browser.header());
      const response = await sessions.handle(
        new Request(new URL(path, sessions.origin), { ...init, headers }),
        router,
      );
      if (!response) throw new Error(`no route at ${path}`);
      browser.take(response);
      return response;
    },
    async logIn(path = '/auth/login') {
      const started = await browser.visit(path);
      const response = await server.authorize(started.headers.get('location') ?? '');
      return browser.visit(response.url.pathname + response.url.search);
    },
  };
  return browser;
}
