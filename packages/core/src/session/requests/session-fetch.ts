import { createResourceFetch } from '../../client/resources/resource-fetch.ts';
import { AccessTokenError, ConfigurationError } from '../../errors.ts';
import type { AccessToken } from '../../tokens/token-set.ts';
import type { Session } from '../backends/state/session-state.ts';
import type { WebAuth } from '../web-auth.ts';
import type { RequestSession, SessionTokenRequest } from './request-session.ts';

/** A request to an API, with the access token that it needs. */
export interface SessionFetchInit extends RequestInit, Omit<SessionTokenRequest, 'rejectedToken'> {}

/**
 * Creates a `fetch` that calls APIs with the access token of a session, as Bearer or DPoP. If the API rejects the token,
 * the request is sent once more with a new one. The token is sent to `apiOrigins` only.
 *
 * @throws ConfigurationError, LoginRequiredError, TransportError from the returned function, as `getAccessToken` does;
 *   ConfigurationError `invalid_option` for another origin
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @example
 * ```ts
 * import { createSessionFetch, createWebAuth } from '@countersign/core/session';
 *
 * const webAuth = createWebAuth({ apiOrigins: ['https://api.example'] }, null);
 *
 * export async function fetchItems(request: Request): Promise<unknown> {
 *   const requestSession = await webAuth.sessions.open(request.headers.get('cookie'));
 *   const response = await createSessionFetch(webAuth, requestSession)('https://api.example/items');
 *   return response.json();
 * }
 * ```
 */
export function createSessionFetch(
  { client, apiOrigins }: Pick<WebAuth, 'client' | 'apiOrigins'>,
  requestSession: Pick<RequestSession, 'getAccessToken'>,
): (input: string | URL, init?: SessionFetchInit) => Promise<Response> {
  return (input, { resource, scope, forceRefresh, ...init } = {}) => {
    const getToken: GetToken = (request) => requestSession.getAccessToken({ resource, scope, ...request });
    const call = createResourceFetch(client, {
      origins: apiOrigins,
      getAccessToken: ({ rejectedToken }) =>
        rejectedToken === undefined ? getToken({ forceRefresh }) : refreshIfWritable(getToken, rejectedToken),
    });
    return call(input, init);
  };
}

type GetToken = (
  request: Pick<SessionTokenRequest, 'forceRefresh' | 'rejectedToken'>,
) => Promise<AccessToken>;

/** If no cookie can be set, the token is not refreshed, and the API's rejection is returned to the caller. */
async function refreshIfWritable(getToken: GetToken, rejectedToken: string): Promise<AccessToken> {
  try {
    return await getToken({ rejectedToken });
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'wrong_context') return getToken({});
    throw error;
  }
}

/**
 * Checks that the login was granted these scopes.
 *
 * @throws AccessTokenError `insufficient_scope` if a scope is missing
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * import { checkSessionScopes, type Session } from '@countersign/core/session';
 *
 * export function requireWriteAccess(session: Session): void {
 *   checkSessionScopes(session, ['items:write']);
 * }
 * ```
 */
export function checkSessionScopes(session: Session, scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !session.scopes.includes(scope));
  if (missing.length === 0) return;
  throw new AccessTokenError('insufficient_scope', `The login was not granted: ${missing.join(' ')}`, {
    status: 403,
    challenges: [`Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`],
  });
}
