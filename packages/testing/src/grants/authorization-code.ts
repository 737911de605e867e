import { base64url } from 'jose';
import { getAuthenticationMethod } from '../client-authentication.ts';
import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { createTokenResponse, selectResource } from '../token-response.ts';
import { issueRefreshToken } from '../tokens.ts';
import type { GrantHandler } from './grant-handler.ts';

/** @see RFC 6749 section 4.1.3, RFC 7636 section 4.6 */
export const authorizationCodeGrant: GrantHandler = async (state, request) => {
  const { body, client } = request;
  const code = state.codes.get(body.get('code') ?? '');
  const refuse = (why: string) => new OAuthError('invalid_grant', why, state.auth0 ? 403 : 400);
  if (!code || code.grant.clientId !== client.clientId) throw refuse('Invalid authorization code');
  if (code.used) {
    // A reused code may be stolen, so its grant ends (RFC 6749 section 4.1.2).
    code.grant.ended = true;
    throw refuse('Invalid authorization code');
  }
  code.used = true;
  if (code.expiresAt < getSeconds(state.clock)) throw refuse('The authorization code has expired');
  if (body.get('redirect_uri') !== code.redirectUri) throw refuse('The redirect URI is wrong');
  if ((await computeChallenge(body.get('code_verifier') ?? '')) !== code.codeChallenge) {
    throw refuse('Failed to verify code verifier');
  }
  // RFC 9449 section 10.
  if (code.jkt !== undefined && code.jkt !== request.binding?.jkt)
    throw refuse('The DPoP key is not the key of the code');
  const { grant } = code;
  const offline = grant.scope.split(' ').includes('offline_access');
  const publicBinding = getAuthenticationMethod(client) === 'none' ? request.binding : undefined;
  return createTokenResponse(state, grant, request, {
    scope: grant.scope,
    resource: selectResource(state, grant, body),
    refreshToken: offline ? issueRefreshToken(state, grant, publicBinding) : undefined,
    idToken: 'with_nonce',
    nameScope: !state.auth0,
  });
};

async function computeChallenge(verifier: string): Promise<string> {
  return base64url.encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))),
  );
}
