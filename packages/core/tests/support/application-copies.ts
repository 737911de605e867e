import type { TestAuthorizationServer } from '@countersign/testing';
import { vi } from 'vitest';
import type { WebAuth } from '../../src/session/index.ts';
import type { WebAuthOptions } from '../../src/session/web-auth-options.ts';

export type Copy = Pick<
  typeof import('../../src/session/index.ts'),
  'createWebAuth' | 'createMemorySessionStore' | 'createMemoryTombstoneStore' | 'createMemoryReplayStore'
> & { readonly main: typeof import('../../src/index.ts') };

/** Loads another copy of the package, as a bundler or a framework may load it twice. */
export async function loadCopy(): Promise<Copy> {
  vi.resetModules();
  return { ...(await import('../../src/session/index.ts')), main: await import('../../src/index.ts') };
}

/** The registration of a client at the test server. */
export const createRegistration = (clientId: string) => ({
  clientId,
  clientSecret: `${clientId}-secret`,
  redirectUris: ['https://app.example.test/auth/callback', 'https://two.example.test/auth/callback'],
});

/** The options of an application of the client `web`. */
export const createWebOptions = (server: TestAuthorizationServer) =>
  ({
    issuer: server.issuer,
    clientId: 'web',
    clientSecret: 'web-secret',
    secret: 'a'.repeat(43),
    baseUrl: 'https://app.example.test',
    environment: {},
    fetch: (url, init) => server.fetch(url, init),
    now: server.clock.now,
  }) satisfies WebAuthOptions;

/** Logs a user in, and returns the cookies of the session. */
export async function logIn(
  { sessions }: WebAuth,
  server: TestAuthorizationServer,
  sub = 'alice',
): Promise<string> {
  server.signIn(sub);
  const { url, cookies } = await sessions.startLogin('');
  const authorized = await server.authorize(url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const response = await sessions.handle(new Request(authorized.url, { headers: { cookie } }));
  return (response?.headers.getSetCookie() ?? [])
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';')[0] ?? '')
    .join('; ');
}
