import { createResourceFetch } from '../client/resources/resource-fetch.ts';
import { AccessTokenError, ConfigurationError } from '../errors.ts';
import type { AccessToken } from '../tokens/token-set.ts';
import type { Session } from './backends/session-state.ts';
import type { RequestSession, SessionTokenRequest } from './request-session.ts';
import type { WebAuth } from './web-auth.ts';

/** A request to an API, and which token it is sent with. */
export interface SessionFetchInit extends RequestInit, SessionTokenRequest {}

/**
 * A `fetch` that calls APIs with the token of a session, as Bearer or DPoP; once more with a new token when the API
 * refuses it. The token goes to `apiOrigins` alone.
 *
 * @throws ConfigurationError, LoginRequiredError, TransportError from the returned function, as `getAccessToken` does
 * @see RFC 6750 section 2.1, RFC 9449 section 7
 */
export function createSessionFetch(
  { client, apiOrigins }: Pick<WebAuth, 'client' | 'apiOrigins'>,
  opened: Pick<RequestSession, 'getAccessToken'>,
): (input: string | URL, init?: SessionFetchInit) => Promise<Response> {
  return (input, { resource, scope, forceRefresh, ...init } = {}) => {
    const token = (renew: boolean) =>
      opened.getAccessToken({ resource, scope, forceRefresh: forceRefresh || renew });
    const call = createResourceFetch(client, {
      origins: apiOrigins,
      getAccessToken: ({ forceRefresh: renew }) => (renew ? renewOrKeep(token) : token(false)),
    });
    return call(input, init);
  };
}

/** Where no cookie can be set nothing is renewed: the API's refusal is handed back then. */
async function renewOrKeep(token: (renew: boolean) => Promise<AccessToken>): Promise<AccessToken> {
  try {
    return await token(true);
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'wrong_context') return token(false);
    throw error;
  }
}

/**
 * Asks for scopes that the login must have been granted.
 *
 * @throws AccessTokenError `insufficient_scope` when one of them was not
 * @see RFC 6750 section 3.1
 */
export function checkSessionScopes(session: Session, scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !session.scopes.includes(scope));
  if (missing.length === 0) return;
  throw new AccessTokenError('insufficient_scope', `The login was not granted: ${missing.join(' ')}`, {
    status: 403,
    challenges: [`Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`],
  });
}
