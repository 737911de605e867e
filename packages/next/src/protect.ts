import { AccessTokenError, LoginRequiredError, TransportError } from '@countersign/core';
import {
  checkSessionScopes,
  createErrorResponse,
  type Session,
  sessionHeaders,
  setPrivateCaching,
} from '@countersign/core/session';
import { finishWriting, stateOf } from './request-state.ts';
import { goToLogin, type OpenSession, openHere, type Resolve, requireScopes, workUnit } from './server.ts';

export interface ProtectOptions {
  /** Scopes that the login must have been granted. */
  readonly scopes?: readonly string[];
}

/** Wrappers that are closed by default: what they wrap does not run without a session, with or without a proxy. */
export interface Protect {
  /** A page or layout; who is not signed in is sent to the login. */
  page<Props extends { readonly session: Session }, Result>(
    component: (props: Props) => Result | Promise<Result>,
    options?: ProtectOptions,
  ): (props: Omit<Props, 'session'>) => Promise<Result>;
  /** A server action; the session comes first among its arguments. */
  action<Args extends unknown[], Result>(
    action: (session: Session, ...args: Args) => Promise<Result>,
    options?: ProtectOptions,
  ): (...args: Args) => Promise<Result>;
  /**
   * A route handler; without a session it answers 401, without a scope 403. Its response carries
   * `Cache-Control: private, no-store`, unless the handler sets its own, and `Vary: Cookie`.
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
        const session = await requireScopes(resolve, scopes);
        return orLogin(resolve, () => component({ ...props, session } as Parameters<typeof component>[0]));
      },
    action:
      (action, { scopes = [] } = {}) =>
      async (...args) => {
        const session = await requireScopes(resolve, scopes);
        return orLogin(resolve, () => action(session, ...args));
      },
    handler:
      (handler, { scopes = [] } = {}) =>
      async (request, context) => {
        let here: OpenSession | undefined;
        try {
          here = await openHere(resolve, request);
          const { session } = here.opened;
          if (!session) return refusal(401, 'not_signed_in');
          checkSessionScopes(session, scopes);
          return await finish(await handler(request, { ...context, session }));
        } catch (error) {
          await finishWriting(workUnit());
          if (error instanceof AccessTokenError) return refusal(403, error.code);
          if (error instanceof LoginRequiredError) return refusal(401, error.code);
          const { onEvent } = here?.resolved.client.options ?? {};
          if (error instanceof TransportError)
            return createErrorResponse(request, error, { route: 'handler', onEvent });
          throw error;
        }
      },
  };
}

/** The response of a handler, when all cookies of the session are set, and with headers that keep it out of shared caches. */
async function finish(response: Response): Promise<Response> {
  await finishWriting(workUnit());
  try {
    return withPrivateHeaders(response);
  } catch {
    // The headers of `Response.redirect()` and of fetched responses cannot be changed.
    return withPrivateHeaders(new Response(response.body, response));
  }
}

function withPrivateHeaders(response: Response): Response {
  // With a session cookie a shared cache must not keep the response, whatever the application says (RFC 9111 section 7.3).
  if (stateOf(workUnit()).wrote) response.headers.set('cache-control', 'private, no-store');
  setPrivateCaching(response.headers);
  return response;
}

/** A session whose tokens have ended for good is as good as none. */
async function orLogin<T>(resolve: Resolve, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof LoginRequiredError) goToLogin(await openHere(resolve));
    throw error;
  }
}

function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: sessionHeaders() });
}
