import {
  AccessTokenError,
  AuthorizationServerError,
  LoginRequiredError,
  TransportError,
} from '@countersign/core';
import { checkSessionScopes, type Session } from '@countersign/core/session';
import { createErrorResponse, createSessionHeaders } from '@countersign/core/session/adapter';
import { withDigest } from './error-digest.ts';
import { markPrivate } from './private-response.ts';
import { finishWrites, getRequestScope, type RequestScope } from './request-scope.ts';
import {
  type OpenSession,
  openSession,
  type Resolve,
  recordUse,
  redirectToLogin,
  requireScopes,
} from './routers/app-router-session.ts';

/** Options of a protected page, action or handler. */
export interface ProtectOptions {
  /** Scopes that the login must have been granted. Default: none. */
  readonly scopes?: readonly string[] | undefined;
}

/** Wrappers whose functions run only with a session, with or without a proxy. */
export interface Protect {
  /**
   * Wraps a page or layout. A user who is not signed in is redirected to the login.
   *
   * @example
   * ```ts
   * import { createAuth, type Session } from '@countersign/next';
   *
   * const auth = createAuth();
   * export default auth.protected.page(async ({ session }: { session: Session }) => `Hello ${session.user.sub}`);
   * ```
   */
  page<Props extends { readonly session: Session }, Result>(
    component: (props: Props) => Result | Promise<Result>,
    options?: ProtectOptions,
  ): (props: Omit<Props, 'session'>) => Promise<Result>;
  /**
   * Wraps a server action. The session is the first argument of the wrapped function.
   *
   * @example
   * ```ts
   * import { createAuth } from '@countersign/next';
   *
   * const auth = createAuth();
   * export const rename = auth.protected.action(async (session, name: string) => {
   *   await auth.updateSession((data) => ({ ...data, name }));
   *   return session.user.sub;
   * });
   * ```
   */
  action<Args extends unknown[], Result>(
    action: (session: Session, ...args: Args) => Promise<Result>,
    options?: ProtectOptions,
  ): (...args: Args) => Promise<Result>;
  /**
   * Wraps a route handler. The response is 401 without a session, and 403 without a scope. Every response has
   * `Cache-Control: private, no-store`, unless the handler sets a value, and `Vary: Cookie`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7
   * @example
   * ```ts
   * import { createAuth } from '@countersign/next';
   *
   * const auth = createAuth();
   * export const GET = auth.protected.handler(
   *   async (_request: Request, { session }) => Response.json({ sub: session.user.sub }),
   *   { scopes: ['items:read'] },
   * );
   * ```
   */
  handler<Incoming extends Request, Context>(
    handler: (
      request: Incoming,
      context: Context & { readonly session: Session },
    ) => Response | Promise<Response>,
    options?: ProtectOptions,
  ): (request: Incoming, context: Context) => Promise<Response>;
}

export function createProtect(resolve: Resolve): Protect {
  return {
    page:
      (component, { scopes = [] } = {}) =>
      async (props) => {
        const scope = getRequestScope();
        return withDigest(async () => {
          const session = await requireScopes(resolve, scope, scopes);
          const pageProps = { ...props, session } as Parameters<typeof component>[0];
          return runOrRedirect(resolve, scope, () => component(pageProps));
        });
      },
    action:
      (action, { scopes = [] } = {}) =>
      async (...args) => {
        const scope = getRequestScope();
        const session = await requireScopes(resolve, scope, scopes);
        return runOrRedirect(resolve, scope, () => action(session, ...args));
      },
    handler:
      (handler, { scopes = [] } = {}) =>
      async (request, context) => {
        const scope = getRequestScope();
        scope.isProtected = true;
        let openedSession: OpenSession | undefined;
        try {
          openedSession = await openSession(resolve, scope, request);
          await recordUse(openedSession);
          const { session } = openedSession.requestSession;
          if (!session) return createRejection(401, 'not_signed_in');
          checkSessionScopes(session, scopes);
          return await finishResponse(scope, await handler(request, { ...context, session }));
        } catch (error) {
          await finishWrites(scope);
          if (error instanceof AccessTokenError) return createRejection(403, error.code);
          if (error instanceof LoginRequiredError) return createRejection(401, error.code);
          if (!(error instanceof TransportError || error instanceof AuthorizationServerError)) throw error;
          const retry = request.method === 'GET' ? getPath(request) : undefined;
          return (
            openedSession?.webAuth.sessions.respondToError(request, error, { route: 'handler', retry }) ??
            createErrorResponse(request, error, { route: 'handler' })
          );
        }
      },
  };
}

function getPath(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

/** Waits until all session cookies are set, and marks the response of a handler as private. */
async function finishResponse(scope: RequestScope, response: Response): Promise<Response> {
  await finishWrites(scope);
  markPrivate(scope, response);
  return response;
}

/** A session whose tokens have expired permanently needs a new login. */
async function runOrRedirect<T>(
  resolve: Resolve,
  scope: RequestScope,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof LoginRequiredError) {
      const { prompt } = error.authorization ?? {};
      redirectToLogin(await openSession(resolve, scope), scope, { prompt });
    }
    throw error;
  }
}

function createRejection(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: createSessionHeaders() });
}
