import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessToken } from '@countersign/core';
import {
  createErrorResponse,
  createSessionFetch,
  createWebAuthResolver,
  handleNodeRequest,
  type Session,
  type SessionFetchInit,
  type SessionTokenRequest,
  sessionHeaders,
} from '@countersign/core/session';
import type { NextRequest } from 'next/server.js';
import { type AuthOptions, defaults } from './options.ts';
import { openPages, type PagesRequest } from './pages.ts';
import { createProtect, type Protect } from './protect.ts';
import { type ProxyOptions, runProxy } from './proxy.ts';
import { observeRequests, writing } from './request-state.ts';
import { type OpenSession, onSession, openHere, requireScopes, requireSession, workUnit } from './server.ts';

/** The server's helpers for one request; in the App Router they find the request themselves. */
export interface SessionHelpers {
  /** Who is signed in. */
  getSession(): Promise<Session | undefined>;
  /**
   * An access token for an API.
   *
   * @throws LoginRequiredError when nobody is signed in, or the provider has ended the session
   * @throws ConfigurationError `wrong_context` where a refresh is needed and no cookie can be set: while a page is
   *   rendered, and in a stream, `after()` or a promise that is not awaited, once the response has been returned
   * @throws TransportError when the provider or the session store is unavailable; the session stays
   */
  getAccessToken(request?: SessionTokenRequest): Promise<AccessToken>;
  /**
   * Calls an API with the user's token, as Bearer or DPoP; once more with a new token when the API refuses it.
   * The token goes to the option `apiOrigins` alone.
   */
  fetch(input: string | URL, init?: SessionFetchInit): Promise<Response>;
  /** Changes what the application keeps in the session: in actions, route handlers and API routes. */
  updateSession(change: (data: Session['data']) => Record<string, unknown>): Promise<Session>;
}

export interface Auth extends SessionHelpers {
  /** For `proxy.ts` (or `middleware.ts`): refreshes ahead, protects pages, hands the fresh session on. */
  readonly proxy: (request: NextRequest, options?: ProxyOptions) => Promise<Response>;
  /** For `app/auth/[...auth]/route.ts`: `export const { GET, POST } = auth.handlers`. */
  readonly handlers: {
    readonly GET: (request: Request) => Promise<Response>;
    readonly POST: (request: Request) => Promise<Response>;
  };
  /** As `getSession`; who is not signed in is sent to the login, and back afterwards. */
  requireSession(options?: { readonly returnTo?: string }): Promise<Session>;
  /**
   * As `requireSession`, with scopes that the login must have been granted.
   *
   * @throws AccessTokenError `insufficient_scope`, which Next answers with 403: in pages by `forbidden.tsx`
   *   where `experimental.authInterrupts` is switched on; the status stays 200 where it has begun to send the page
   */
  requireScopes(...scopes: readonly string[]): Promise<Session>;
  /** Wrappers for pages, actions and route handlers that do not run without a session. */
  readonly protected: Protect;
  /** The helpers for `getServerSideProps` and API routes. */
  pages(context: PagesRequest): SessionHelpers;
  /** The routes as an API route of the Pages Router. */
  readonly apiHandler: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

/**
 * Login, sessions and tokens for a Next application. Options default to the environment:
 * `AUTH_ISSUER`, `AUTH_CLIENT_ID`, `AUTH_CLIENT_SECRET`, `AUTH_SECRET` (several separated by commas; the first seals),
 * `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`, `AUTH_API_ORIGINS`. They are read at the first request, not at build time.
 *
 * @param options one set of options, or a function that gives those of the host that a request names:
 *   for an application with a provider for each of its customers
 * @param hosts `trustProxy`: that function is given `X-Forwarded-Host`; only behind a proxy that sets it itself
 */
export function createAuth(
  options: AuthOptions | ((host: string) => AuthOptions | undefined) = {},
  hosts: Pick<AuthOptions, 'trustProxy'> = {},
): Auth {
  observeRequests();
  const resolve = createWebAuthResolver(options, { defaults, ...hosts });
  const answer = async (request: Request) => {
    const { sessions } = resolve(request.headers);
    return (
      (await sessions.handle(request)) ??
      (await sessions.handle(belowBasePath(request, sessions.basePath))) ??
      Response.json({ error: 'not_found' }, { status: 404, headers: sessionHeaders() })
    );
  };
  const handle = (request: Request) =>
    answer(request).catch((error: unknown) => createErrorResponse(request, error, { route: 'handler' }));
  const helpers = (open: Parameters<typeof onSession>[0]): SessionHelpers => ({
    getSession: async () => (await open()).opened.session,
    getAccessToken: (request = {}) =>
      writing(workUnit(), () => onSession(open, ({ opened }) => opened.getAccessToken(request))),
    fetch: (input, init) =>
      onSession(open, (here) => createSessionFetch(here.resolved, tokensOf(here))(input, init)),
    updateSession: (change) =>
      writing(workUnit(), () => onSession(open, ({ opened }) => opened.update(change))),
  });

  return {
    ...helpers(() => openHere(resolve)),
    proxy: (request, proxyOptions = {}) => runProxy(() => resolve(request.headers), request, proxyOptions),
    handlers: { GET: handle, POST: handle },
    requireSession: ({ returnTo } = {}) => requireSession(resolve, returnTo),
    requireScopes: (...scopes) => requireScopes(resolve, scopes),
    protected: createProtect(resolve),
    pages: (context) => helpers(() => openPages(resolve, context)),
    apiHandler: (req, res) => handleNodeRequest(handle, req, res),
  };
}

/** The cookie of a refresh is set before the API is called: the API may take longer than the handler. */
const tokensOf = ({ opened, save }: OpenSession): Pick<OpenSession['opened'], 'getAccessToken'> => ({
  getAccessToken: (request) =>
    writing(workUnit(), async () => {
      try {
        return await opened.getAccessToken(request);
      } finally {
        await save();
      }
    }),
});

/** Next leaves the base path out of a request's URL in some versions, and in API routes. */
function belowBasePath(request: Request, basePath: string): Request {
  const { origin, pathname, search } = new URL(request.url);
  return new Request(origin + basePath + pathname + search, request);
}
