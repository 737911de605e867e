import type { Client } from '../client/client.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import { type CookieToSet, parseCookies } from './cookies/cookies.ts';
import {
  createSessionContext,
  type RoutePaths,
  type SessionContext,
  type WebSessionOptions,
} from './options.ts';
import { openRequestSession, type RequestSession, type RequestSessionOptions } from './request-session.ts';
import { type StartLoginOptions, startLogin } from './routes/login.ts';
import { endSession, type StartLogoutOptions } from './routes/logout.ts';
import { handleRequest } from './routes/routes.ts';
import { startSession } from './routes/start-session.ts';

/** Login, sessions and logout of a web application on a server. It holds no user's state. */
export interface WebSessions {
  readonly kind: 'cookie' | 'stored';
  /** The application's origin, for example `https://app.example`. */
  readonly origin: string;
  /** The path of the application's address without its closing slash: empty, or for example `/shop`. */
  readonly basePath: string;
  readonly paths: RoutePaths;
  /**
   * Answers login, callback, logout, session and the other routes; `undefined` for every other path.
   * It never throws: what fails is answered with an error and reported once.
   */
  handle(request: Request): Promise<Response | undefined>;
  /**
   * The session of a request, from its `Cookie` header.
   *
   * @throws TransportError `store_unavailable` when it cannot be known whether there is a session
   */
  open(cookieHeader: string | null | undefined, options?: RequestSessionOptions): Promise<RequestSession>;
  /**
   * Starts a session with tokens that were obtained in another way: a token exchange, a device login, a test.
   * They must be validated already.
   */
  create(cookieHeader: string | null | undefined, tokens: TokenSet): Promise<readonly CookieToSet[]>;
  /** Starts a login from the application's own code. */
  startLogin(
    cookieHeader: string | null | undefined,
    options?: StartLoginOptions,
  ): Promise<{ readonly url: URL; readonly cookies: readonly CookieToSet[] }>;
  /** Ends the session from the application's own code. */
  endSession(
    cookieHeader: string | null | undefined,
    options?: StartLogoutOptions,
  ): Promise<{ readonly url: string; readonly cookies: readonly CookieToSet[] }>;
}

/**
 * Server-side sessions for one client, as `Request` to `Response`.
 *
 * @throws ConfigurationError when an option is missing or wrong
 */
export function createWebSessions(client: Client, options: WebSessionOptions): WebSessions {
  return createSessionsIn(createSessionContext(client, options));
}

/** The sessions of a context that exists already. */
export function createSessionsIn(context: SessionContext): WebSessions {
  return {
    kind: context.backend.kind,
    origin: context.baseUrl.origin,
    basePath: context.basePath,
    paths: context.paths,
    handle: (request) => handleRequest(context, request),
    open: (cookieHeader, opened) => openRequestSession(context, cookieHeader, opened),
    create: async (cookieHeader, tokens) =>
      (await startSession(context, parseCookies(cookieHeader), tokens)).cookies,
    startLogin: (cookieHeader, login) => startLogin(context, cookieHeader, login),
    endSession: (cookieHeader, logout) => endSession(context, cookieHeader, logout),
  };
}
