import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import type { AuthOptions } from '../src/options.ts';

export const baseUrl = 'https://app.example.test';
export const api = 'https://api.example.test';

/** Options of an application at a provider of its own. */
export async function setUp(more: Partial<AuthOptions> = {}): Promise<{
  readonly server: TestAuthorizationServer;
  readonly options: AuthOptions;
}> {
  // An issuer of its own: what Next's layers share in the process is kept by issuer.
  const server = await createTestAuthorizationServer({
    issuer: `https://${crypto.randomUUID()}.example.test`,
  });
  const options: AuthOptions = {
    issuer: server.issuer,
    clientId: 'web',
    clientSecret: 'web-secret',
    secret: 'a secret of the tests, long enough to be one',
    baseUrl,
    apiOrigins: [api],
    fetch: (url, init) => server.fetch(url, init),
    now: server.clock.now,
    environment: {},
    ...more,
  };
  return { server, options };
}

/** Logs in through the handlers, and returns the Cookie header of the browser. */
export async function logIn(
  handlers: { readonly GET: (request: Request) => Promise<Response> },
  server: TestAuthorizationServer,
  path = '/auth/login',
): Promise<string> {
  const started = await handlers.GET(new Request(baseUrl + path));
  const { url } = await server.authorize(started.headers.get('location') ?? '');
  const done = await handlers.GET(new Request(url, { headers: { cookie: pairs(started) } }));
  return pairs(done);
}

export const pairs = (response: Response): string =>
  response.headers
    .getSetCookie()
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';')[0])
    .join('; ');
