import type { Client } from '../client/client.ts';
import { checkOptions } from '../internal/check-options.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { SessionCacheStatistics } from './backends/session-backend.ts';
import { createSessionContext, type SessionContext } from './context.ts';
import { type CookieToSet, parseAllCookies } from './cookies/cookies.ts';
import type { RouterRequest } from './http/request-checks.ts';
import type { RoutePaths } from './http/route-paths.ts';
import { sessionOptionHints, sessionOptionTypes } from './option-types.ts';
import type { WebSessionOptions } from './options.ts';
import { respondToError, type SessionFailureOptions } from './pages/error-responses.ts';
import { openRequestSession } from './requests/open-request-session.ts';
import type { RequestSession, RequestSessionOptions } from './requests/request-session.ts';
import { type StartLoginOptions, startLogin } from './routes/login/login-route.ts';
import { startSession } from './routes/login/start-session.ts';
import { type StartedLogout, type StartLogoutOptions, startLogout } from './routes/logout/logout-route.ts';
import { handleRequest } from './routes/routes.ts';

/** Login, sessions and logout of a web application on a server. The object contains no state of a user. */
export interface WebSessions {
  readonly kind: 'cookie' | 'stored';
  /** The application's origin, for example `https://app.example`. */
  readonly origin: string;
  /** The path of the application's URL without trailing slash: empty, or for example `/shop`. */
  readonly basePath: string;
  readonly paths: RoutePaths;
  /** The path of the session cookie: browsers send it to pages at or below this path. */
  readonly cookiePath: string;
  /**
   * Handles login, callback, logout, session and the other routes, and the redirect to a page after a logout, whose
   * `state` it compares and removes. Returns `undefined` for every other request.
   * It never throws: a failure becomes an error response and is reported once.
   *
   * @param router properties that the framework's router knows. Default: the request is not from a router.
   */
  handle(request: Request, router?: RouterRequest): Promise<Response | undefined>;
  /**
   * Opens the session of a request from its `Cookie` header.
   *
   * @throws TransportError `store_unavailable` if it is unknown whether there is a session
   */
  open(cookieHeader: string | null | undefined, options?: RequestSessionOptions): Promise<RequestSession>;
  /**
   * Starts a session with tokens from another source: a token exchange, a device login, a test. The tokens must be
   * validated.
   */
  create(cookieHeader: string | null | undefined, tokens: TokenSet): Promise<readonly CookieToSet[]>;
  /**
   * Starts a login. The response must set the cookies and redirect to the URL.
   *
   * @throws ConfigurationError, AuthorizationServerError, TransportError if the authorization request cannot be created
   */
  startLogin(
    cookieHeader: string | null | undefined,
    options?: StartLoginOptions,
  ): Promise<{ readonly url: URL; readonly cookies: readonly CookieToSet[] }>;
  /**
   * Logs out: ends the sessions of all copies of the session cookie and revokes their refresh tokens. The response must
   * set the cookies. It redirects to the URL, unless `failure` is set. A session was then not ended: show this to the user
   * instead.
   */
  startLogout(cookieHeader: string | null | undefined, options?: StartLogoutOptions): Promise<StartedLogout>;
  /**
   * Creates the response to a request that failed elsewhere in the application, and reports the failure once. The response
   * is the page of the option `pages`, the built-in page, or JSON if the request does not accept HTML.
   */
  respondToError(request: Request, error: unknown, options: SessionFailureOptions): Promise<Response>;
  /** Counts the lookups in the cache of decrypted cookie sessions. */
  getCacheStatistics(): SessionCacheStatistics;
}

/**
 * Creates server-side sessions for one client.
 *
 * @throws ConfigurationError if an option is missing or invalid
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 * @example
 * ```ts
 * import { clientSecretBasic, createClient } from '@countersign/core';
 * import { createWebSessions } from '@countersign/core/session';
 *
 * const client = createClient({
 *   issuer: 'https://login.example',
 *   clientId: 'web',
 *   clientAuthentication: clientSecretBasic('the client secret'),
 *   scope: 'openid profile email',
 *   refreshTokens: true,
 * });
 * const sessions = createWebSessions(client, {
 *   secret: 'at least 32 random characters, from the environment',
 *   baseUrl: 'https://app.example',
 * });
 *
 * export async function handle(request: Request): Promise<Response> {
 *   const response = await sessions.handle(request);
 *   if (response) return response;
 *   const { session } = await sessions.open(request.headers.get('cookie'));
 *   return Response.json({ sub: session?.user.sub ?? null });
 * }
 * ```
 */
export function createWebSessions(client: Client, options: WebSessionOptions): WebSessions {
  checkOptions('createWebSessions()', options, { types: sessionOptionTypes, hints: sessionOptionHints });
  return createSessionsForContext(createSessionContext(client, options));
}

export function createSessionsForContext(context: SessionContext): WebSessions {
  return {
    kind: context.backend.kind,
    origin: context.baseUrl.origin,
    basePath: context.basePath,
    paths: context.paths,
    cookiePath: context.jar.scope.path ?? '/',
    handle: (request, router) => handleRequest(context, request, router),
    open: (cookieHeader, options) => openRequestSession(context, cookieHeader, options),
    create: async (cookieHeader, tokens) =>
      (await startSession(context, parseAllCookies(cookieHeader), tokens)).cookies,
    startLogin: (cookieHeader, options) => startLogin(context, cookieHeader, options),
    startLogout: (cookieHeader, options) => startLogout(context, cookieHeader, options),
    respondToError: (request, error, options) => respondToError(context, request, error, options),
    getCacheStatistics: () => context.backend.getCacheStatistics(),
  };
}
