import { issuesRefreshToken } from '../authorization-parameters.ts';
import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { createRandomId, type Grant } from '../state.ts';
import { getAuthenticationMethod } from '../wire/client-authentication.ts';
import { createTokenResponse, selectResource } from '../wire/token-response.ts';
import { issueRefreshToken } from '../wire/tokens.ts';
import { computeChallenge } from './authorization-code.ts';
import type { GrantHandler } from './grant-handler.ts';

/** @see https://www.rfc-editor.org/rfc/rfc8628#section-3.5 */
export const deviceCodeGrant: GrantHandler = async (state, request) => {
  const device = state.devices.get(request.body.get('device_code') ?? '');
  if (!device || device.clientId !== request.client.clientId)
    throw new OAuthError('invalid_grant', 'unknown device_code');
  const verifier = request.body.get('code_verifier');
  // A client registered for PKCE uses it in this flow too, for example at Keycloak (RFC 7636 section 4.6).
  if (device.codeChallenge !== (verifier === null ? undefined : await computeChallenge(verifier)))
    throw new OAuthError('invalid_grant', 'Failed to verify code verifier');
  const now = getSeconds(state.clock);
  if (device.expiresAt <= now) throw new OAuthError('expired_token', 'the device_code has expired');
  const tooSoon = device.polledAt !== undefined && now < device.polledAt + device.interval;
  device.polledAt = now;
  if (tooSoon) {
    device.interval += 5;
    throw new OAuthError('slow_down', 'polled too soon');
  }
  if (device.status === 'pending')
    throw new OAuthError('authorization_pending', 'the user has not responded yet');
  if (device.status === 'denied') throw new OAuthError('access_denied', 'the user denied the request');
  if (device.status === 'used') throw new OAuthError('invalid_grant', 'used before');
  const grant: Grant = {
    id: createRandomId(),
    clientId: device.clientId,
    sub: device.status.sub,
    sid: createRandomId(),
    scope: device.scope,
    resources: device.resources,
    isOffline: issuesRefreshToken(state, {
      scopes: device.scope.split(' '),
      parameters: new URLSearchParams(),
      hasConsented: false,
      isPublic: getAuthenticationMethod(request.client) === 'none',
    }),
    isEnded: false,
  };
  state.grants.push(grant);
  device.status = 'used';
  return createTokenResponse(state, grant, request, {
    scope: device.scope,
    resource: selectResource(state, grant, request.body),
    refreshToken: grant.isOffline ? issueRefreshToken(state, grant, undefined) : undefined,
    idToken: 'without_nonce',
  });
};
