import { getSeconds } from '../clock.ts';
import { checkResource } from '../endpoints/authorization.ts';
import { OAuthError } from '../errors.ts';
import { createTokenResponse } from '../wire/token-response.ts';
import type { GrantHandler } from './grant-handler.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * Exchanges an access token of this server for another one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
 */
export const tokenExchangeGrant: GrantHandler = async (state, request) => {
  const { body, client } = request;
  if (body.get('subject_token_type') !== accessTokenType)
    throw new OAuthError('invalid_request', 'unknown subject_token_type');
  const subject = state.accessTokens.get(body.get('subject_token') ?? '');
  if (
    !subject ||
    subject.isRevoked ||
    subject.grant.isEnded ||
    subject.expiresAt <= getSeconds(state.clock)
  ) {
    throw new OAuthError('invalid_request', 'the subject_token is not valid');
  }
  const resource = body.get('resource') ?? body.get('audience') ?? undefined;
  if (resource !== undefined && body.has('resource')) checkResource(state, resource);
  const scope = body.get('scope') ?? subject.scope;
  const grant = { ...subject.grant, clientId: client.clientId };
  state.grants.push(grant);
  const response = await createTokenResponse(state, grant, request, {
    scope,
    resource,
    idToken: 'none',
    actor: body.has('actor_token') ? { sub: client.clientId } : undefined,
  });
  return { ...response, issued_token_type: body.get('requested_token_type') ?? accessTokenType };
};
