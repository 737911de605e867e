import type { AccessToken } from '@countersign/core';
import type { Session, SessionTokenRequest } from '@countersign/core/session';
import type { NextRequest } from 'next/server.js';
import { type AuthOptions, type Resolved, resolveOptions } from './options.ts';
import { type ProxyOptions, runProxy } from './proxy.ts';
import { getAccessTokenHere, getSessionHere, requireSessionHere } from './server.ts';

export interface Auth {
  /** For `proxy.ts` (or `middleware.ts`): refreshes ahead, protects pages, hands the fresh session on. */
  readonly proxy: (request: NextRequest, options?: ProxyOptions) => Promise<Response>;
  /** For `app/auth/[...auth]/route.ts`: `export const { GET, POST } = auth.handlers`. */
  readonly handlers: {
    readonly GET: (request: Request) => Promise<Response>;
    readonly POST: (request: Request) => Promise<Response>;
  };
  /** Who is signed in, in server components, actions and route handlers. */
  readonly getSession: () => Promise<Session | undefined>;
  /** As `getSession`; who is not signed in is sent to the login, and back afterwards. */
  readonly requireSession: (options?: { readonly returnTo?: string }) => Promise<Session>;
  /**
   * An access token for an API.
   *
   * @throws LoginRequiredError, TransportError, and ConfigurationError where a refresh would be needed but no cookie can be set
   */
  readonly getAccessToken: (request?: SessionTokenRequest) => Promise<AccessToken>;
}

/**
 * Login, sessions and tokens for a Next application. Options default to the environment:
 * `AUTH_ISSUER`, `AUTH_CLIENT_ID`, `AUTH_CLIENT_SECRET`, `AUTH_SECRET` (several separated by commas; the first seals),
 * `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`. They are read at the first request, not at build time.
 */
export function createAuth(options: AuthOptions = {}): Auth {
  let resolved: Resolved | undefined;
  const resolve = () => {
    resolved ??= resolveOptions(options);
    return resolved;
  };
  const handle = async (request: Request) =>
    (await resolve().sessions.handle(request)) ?? new Response(null, { status: 404 });

  return {
    proxy: (request, proxyOptions = {}) => runProxy(resolve(), request, proxyOptions),
    handlers: { GET: handle, POST: handle },
    getSession: () => getSessionHere(resolve),
    requireSession: ({ returnTo } = {}) => requireSessionHere(resolve, returnTo),
    getAccessToken: (request = {}) => getAccessTokenHere(resolve, request),
  };
}
