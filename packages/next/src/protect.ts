import { AccessTokenError, LoginRequiredError } from '@countersign/core';
import { checkSessionScopes, type Session, sessionHeaders } from '@countersign/core/session';
import { goToLogin, openHere, type Resolve, requireScopes } from './server.ts';

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
  /** A route handler; without a session it answers 401, without a scope 403. */
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
        const { session } = (await openHere(resolve, request)).opened;
        if (!session) return refusal(401, 'not_signed_in');
        try {
          checkSessionScopes(session, scopes);
        } catch (error) {
          if (error instanceof AccessTokenError) return refusal(403, error.code);
          throw error;
        }
        return handler(request, { ...context, session });
      },
  };
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
