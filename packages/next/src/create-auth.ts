import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessToken } from '@countersign/core';
import {
  createSessionFetch,
  type RequestSession,
  type Session,
  type SessionFetchInit,
  type SessionTokenRequest,
} from '@countersign/core/session';
import {
  createErrorResponse,
  createSessionHeaders,
  createWebAuthResolver,
  handleNodeRequest,
} from '@countersign/core/session/adapter';
import type { NextRequest } from 'next/server.js';
import { withDigest } from './error-digest.ts';
import { type AuthOptions, defaults } from './options.ts';
import { createProtect, type Protect } from './protected-wrappers.ts';
import { observePages } from './proxy/proxy-cookies.ts';
import type { ProxyOptions } from './proxy/proxy-options.ts';
import { runProxy } from './proxy/run-proxy.ts';
import { restoreCookies } from './received-cookies.ts';
import { getRequestScope, observeRequests, runWrite } from './request-scope.ts';
import { readRouterRequest } from './router-headers.ts';
import {
  type Open,
  type OpenSession,
  openSession,
  requireScopes,
  requireSession,
  runOnSession,
} from './routers/app-router-session.ts';
import { openPagesSession, type PagesRequest } from './routers/pages-router-session.ts';

// When this module is loaded, because `createAuth()` may be called within a handler, which is observed from its beginning.
observeRequests();
observePages();

/** Functions on the session of one request. In the App Router they find the request themselves. */
export interface SessionHelpers {
  /**
   * Returns the session, or `undefined` if the user is not signed in.
   *
   * @throws TransportError `store_unavailable` if it is unknown whether there is a session
   * @throws ConfigurationError `wrong_context` outside a request, in a shared cache, and in a static page; `shared_cache`
   *   in a route handler that itself loaded this package, or has returned its response before the first use of the session,
   *   because the response cannot be marked as private
   */
  getSession(): Promise<Session | undefined>;
  /**
   * Returns a valid access token for an API, and refreshes it if necessary.
   *
   * @throws LoginRequiredError if the user is not signed in, or the provider has ended the session
   * @throws ConfigurationError `wrong_context` if a refresh is needed but no cookie can be set: while a page is rendered,
   *   and after the response was returned (in a stream, in `after()`, or in a promise that is not awaited)
   * @throws TransportError if the provider or the session store is unavailable; the session stays
   * @example A stream that is open longer than the lifetime of an access token needs a session store:
   * ```ts
   * import { createAuth } from '@countersign/next';
   *
   * const auth = createAuth();
   * export async function GET(): Promise<Response> {
   *   const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
   *   // Starts within the request, so that the session is available until the stream ends.
   *   void writeItems(writable.getWriter());
   *   return new Response(readable);
   * }
   *
   * async function writeItems(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
   *   try {
   *     for (let page = 1; page <= 100; page++) {
   *       const response = await auth.fetch(`https://api.example.com/items?page=${page}`);
   *       await writer.write(new Uint8Array(await response.arrayBuffer()));
   *     }
   *     await writer.close();
   *   } catch (error) {
   *     await writer.abort(error);
   *   }
   * }
   * ```
   */
  getAccessToken(request?: SessionTokenRequest): Promise<AccessToken>;
  /**
   * Calls an API with the user's access token, as Bearer or DPoP. If the API rejects the token, the request is sent once
   * more with a new one. The token is sent to the option `apiOrigins` only.
   *
   * @throws ConfigurationError `invalid_option` for another origin; otherwise as `getAccessToken`
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
   */
  fetch(input: string | URL, init?: SessionFetchInit): Promise<Response>;
  /**
   * Changes the application's data in the session, in actions, route handlers and API routes.
   *
   * @throws LoginRequiredError if the user is not signed in
   * @throws ConfigurationError `wrong_context` if no cookie can be set
   */
  updateSession(change: (data: Session['data']) => Record<string, unknown>): Promise<Session>;
}

/** Login, sessions and tokens of one Next application. */
export interface Auth extends SessionHelpers {
  /**
   * The proxy of `proxy.ts` (or `middleware.ts`): refreshes tokens before a page is rendered, protects paths, and passes
   * the new session on to the page.
   *
   * @example
   * ```ts
   * import { createAuth } from '@countersign/next';
   * import type { NextRequest } from 'next/server';
   *
   * const auth = createAuth();
   * export const proxy = (request: NextRequest) => auth.proxy(request, { protect: ['/dashboard'] });
   * ```
   */
  readonly proxy: (request: NextRequest, options?: ProxyOptions) => Promise<Response>;
  /** The routes, for `app/auth/[...auth]/route.ts`: `export const { GET, POST } = auth.handlers`. */
  readonly handlers: {
    readonly GET: (request: Request) => Promise<Response>;
    readonly POST: (request: Request) => Promise<Response>;
  };
  /**
   * Returns the session. Redirects a user who is not signed in to the login, and back afterwards.
   *
   * @param options `returnTo`: a path of the application. Default: the current page.
   */
  requireSession(options?: { readonly returnTo?: string | undefined }): Promise<Session>;
  /**
   * Returns the session if the login was granted these scopes.
   *
   * @throws AccessTokenError `insufficient_scope`, for which Next responds with 403. Pages show `forbidden.tsx` if
   *   `experimental.authInterrupts` is enabled. The status stays 200 if Next has started to send the page.
   */
  requireScopes(...scopes: readonly string[]): Promise<Session>;
  /** Wrappers for pages, actions and route handlers that run only with a session. */
  readonly protected: Protect;
  /**
   * Returns the same functions for `getServerSideProps` and API routes.
   *
   * @example
   * ```ts
   * import { createAuth, type PagesRequest } from '@countersign/next';
   *
   * const auth = createAuth();
   * export async function getServerSideProps(context: PagesRequest) {
   *   const session = await auth.pages(context).getSession();
   *   return { props: { sub: session?.user.sub ?? null } };
   * }
   * ```
   */
  pages(context: PagesRequest): SessionHelpers;
  /** The routes as an API route of the Pages Router. */
  readonly apiHandler: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

/**
 * Creates login, sessions and tokens for a Next application. Options default to the environment:
 * `AUTH_ISSUER`, `AUTH_CLIENT_ID`, `AUTH_CLIENT_SECRET`, `AUTH_SECRET` (several separated by commas; the first one
 * encrypts), `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`, `AUTH_API_ORIGINS`. The environment is read at the first
 * request, not at build time. Missing options and wrong values are reported at the first request too: by a response with
 * status 500, and in the log.
 *
 * @param options the options, or a function that returns the options of a host, for an application with one provider per
 *   customer
 * @param hosts `trustProxy`: the function receives `X-Forwarded-Host`. Set it only behind a proxy that overwrites this
 *   header. Default: false.
 * @throws ConfigurationError `invalid_option` at creation for an option with a wrong type or a misspelled name. For the
 *   options that a function returns, this is reported at the first request of the host.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 * @example
 * ```ts
 * import { createAuth } from '@countersign/next';
 *
 * export const auth = createAuth({ apiOrigins: ['https://api.example.com'] });
 * ```
 */
export function createAuth(
  options: AuthOptions | ((host: string) => AuthOptions | undefined) = {},
  hosts: Pick<AuthOptions, 'trustProxy'> = {},
): Auth {
  const resolve = createWebAuthResolver(options, {
    defaults,
    // Next runs code of the edge runtime in a separate context for each function.
    hasIsolatedMemory: 'EdgeRuntime' in globalThis,
    ...hosts,
  });
  const handleRoute = async (handledRequest: Request) => {
    const request = restoreCookies(handledRequest, getRequestScope().receivedCookies);
    const { sessions } = resolve(request.headers);
    const router = readRouterRequest(request);
    return (
      (await sessions.handle(request, router)) ??
      (await sessions.handle(addBasePath(request, sessions.basePath), router)) ??
      Response.json({ error: 'not_found' }, { status: 404, headers: createSessionHeaders() })
    );
  };
  const handle = (request: Request) =>
    handleRoute(request).catch((error: unknown) => createErrorResponse(request, error, { route: 'handler' }));

  return {
    ...createHelpers((scope) => openSession(resolve, scope)),
    proxy: (request, proxyOptions = {}) => {
      const receivedCookies = getRequestScope().receivedCookies;
      return runProxy(() => resolve(request.headers), request, { ...proxyOptions, receivedCookies });
    },
    handlers: { GET: handle, POST: handle },
    requireSession: ({ returnTo } = {}) =>
      withDigest(() => requireSession(resolve, getRequestScope(), returnTo)),
    requireScopes: (...scopes) => withDigest(() => requireScopes(resolve, getRequestScope(), scopes)),
    protected: createProtect(resolve),
    pages: (context) => createHelpers(() => openPagesSession(resolve, context)),
    apiHandler: (req, res) => handleNodeRequest(handle, req, res),
  };
}

function createHelpers(open: Open): SessionHelpers {
  /** Runs a function that may set a cookie. */
  const runWriting = <T>(run: (openedSession: OpenSession) => Promise<T>) => {
    const scope = getRequestScope();
    return withDigest(() => runWrite(scope, () => runOnSession(open, scope, run)));
  };
  return {
    getSession: () =>
      runWriting(async ({ requestSession }) => {
        await touch(requestSession);
        return requestSession.session;
      }),
    getAccessToken: (request = {}) =>
      runWriting(async ({ requestSession }) => {
        const accessToken = await requestSession.getAccessToken(request);
        await touch(requestSession);
        return accessToken;
      }),
    fetch: (input, init) => {
      const scope = getRequestScope();
      return withDigest(() =>
        runOnSession(open, scope, (openedSession) => {
          // The cookie of a refresh is set before the API is called, because the API may take longer than the handler.
          const getAccessToken = (request?: SessionTokenRequest) =>
            runWrite(scope, () => getTokenAndSave(openedSession, request));
          return createSessionFetch(openedSession.webAuth, { getAccessToken })(input, init);
        }),
      );
    },
    updateSession: (change) => runWriting(({ requestSession }) => requestSession.update(change)),
  };
}

async function getTokenAndSave(
  { requestSession, save }: OpenSession,
  request: SessionTokenRequest | undefined,
): Promise<AccessToken> {
  try {
    const accessToken = await requestSession.getAccessToken(request);
    await touch(requestSession);
    return accessToken;
  } finally {
    await save();
  }
}

/** Records the use of the session. A failure does not concern the call: a later request records it. */
const touch = (requestSession: RequestSession) => requestSession.touch().catch(() => {});

/** Some versions of Next, and API routes, omit the base path in the URL of a request. */
function addBasePath(request: Request, basePath: string): Request {
  const { origin, pathname, search } = new URL(request.url);
  return new Request(origin + basePath + pathname + search, request);
}
