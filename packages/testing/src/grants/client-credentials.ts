import { allows, checkResource, readAudience } from '../endpoints/authorization.ts';
import { OAuthError } from '../errors.ts';
import type { Grant } from '../state.ts';
import { createRandomId } from '../state.ts';
import { getAuthenticationMethod } from '../wire/client-authentication.ts';
import { createTokenResponse } from '../wire/token-response.ts';
import type { GrantHandler } from './grant-handler.ts';

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4 */
export const clientCredentialsGrant: GrantHandler = async (state, request) => {
  const { body, client } = request;
  if (getAuthenticationMethod(client) === 'none')
    throw new OAuthError('unauthorized_client', 'only confidential clients');
  const resource = body.get('resource') ?? readAudience(state, body)[0];
  if (resource !== undefined) checkResource(state, resource);
  const requestedScopes = (body.get('scope') ?? client.scope ?? '').split(' ').filter(Boolean);
  const scope = requestedScopes.filter((each) => allows(client.scope, each)).join(' ');
  const grant: Grant = {
    id: createRandomId(),
    clientId: client.clientId,
    sub: undefined,
    sid: undefined,
    scope,
    resources: resource === undefined ? [] : [resource],
    isEnded: false,
  };
  state.grants.push(grant);
  return createTokenResponse(state, grant, request, { scope, resource, idToken: 'none' });
};
