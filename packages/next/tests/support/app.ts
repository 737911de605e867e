import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { NextRequest } from 'next/server.js';
import { createAuth } from '../../src/create-auth.ts';
import type { AuthOptions } from '../../src/options.ts';

export const baseUrl = 'https://app.example.test';
export const api = 'https://api.example.test';

/** Creates a provider, and the options of an application that uses it. */
export async function setUp(more: Partial<AuthOptions> = {}): Promise<{
  readonly server: TestAuthorizationServer;
  readonly options: AuthOptions;
}> {
  // A unique issuer: the state that Next's layers share in the process is stored by issuer.
  const server = await createTestAuthorizationServer({
    issuer: `https://${crypto.randomUUID()}.example.test`,
  });
  const options: AuthOptions = {
    issuer: server.issuer,
    clientId: 'web',
    clientSecret: 'web-secret',
    secret: 'a secret of the tests with at least 32 characters',
    baseUrl,
    apiOrigins: [api],
    fetch: (url, init) => server.fetch(url, init),
    now: server.clock.now,
    environment: {},
    ...more,
  };
  return { server, options };
}

/** Logs in through the handlers. Returns the browser's `Cookie` header. */
export async function logIn(
  handlers: { readonly GET: (request: Request) => Promise<Response> },
  server: TestAuthorizationServer,
  path = '/auth/login',
): Promise<string> {
  const loginResponse = await handlers.GET(new Request(baseUrl + path));
  const { url } = await server.authorize(loginResponse.headers.get('location') ?? '');
  const callbackResponse = await handlers.GET(
    new Request(url, { headers: { cookie: toCookieHeader(loginResponse) } }),
  );
  return toCookieHeader(callbackResponse);
}

export const toCookieHeader = (response: Response): string =>
  response.headers
    .getSetCookie()
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';')[0])
    .join('; ');

/** Creates an application and the `Cookie` header of a user who has logged in. */
export async function setUpLogin(more: Partial<AuthOptions> = {}) {
  const { server, options } = await setUp(more);
  const auth = createAuth(options);
  return { server, auth, cookie: await logIn(auth.handlers, server) };
}

/** Returns the digest by which Next recognizes an error, such as a redirect. */
export const readDigest = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => '',
    (error: { digest?: string }) => error.digest ?? String(error),
  );

/** Creates a request to the proxy. */
export const createProxyRequest = (
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): NextRequest => new NextRequest(baseUrl + path, { headers, method });
