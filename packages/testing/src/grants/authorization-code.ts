import { base64url } from 'jose';
import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { getAuthenticationMethod } from '../wire/client-authentication.ts';
import { createRejection } from '../wire/rejection.ts';
import { createTokenResponse, selectResource } from '../wire/token-response.ts';
import { issueRefreshToken } from '../wire/tokens.ts';
import type { GrantHandler } from './grant-handler.ts';

/**
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.6
 */
export const authorizationCodeGrant: GrantHandler = async (state, request) => {
  const { body, client } = request;
  const code = state.codes.get(body.get('code') ?? '');
  const createGrantError = (description: string) =>
    createRejection(state.flavour.rejections?.code, new OAuthError('invalid_grant', description));
  if (!code || code.grant.clientId !== client.clientId) throw createGrantError('Invalid authorization code');
  if (code.isUsed) {
    // A reused code may be stolen, so its grant ends (RFC 6749 section 4.1.2).
    code.grant.isEnded = true;
    throw createGrantError('Invalid authorization code');
  }
  code.isUsed = true;
  if (code.expiresAt < getSeconds(state.clock)) throw createGrantError('The authorization code has expired');
  if (body.get('redirect_uri') !== code.redirectUri) throw createGrantError('The redirect URI is wrong');
  if (
    code.codeChallenge !== undefined &&
    (await computeChallenge(body.get('code_verifier') ?? '')) !== code.codeChallenge
  ) {
    throw createGrantError('Failed to verify code verifier');
  }
  // RFC 9449 section 10.
  if (code.jkt !== undefined && code.jkt !== request.binding?.jkt)
    throw createGrantError('The DPoP key is not the key of the code');
  const { grant } = code;
  const publicBinding = getAuthenticationMethod(client) === 'none' ? request.binding : undefined;
  return createTokenResponse(state, grant, request, {
    scope: grant.scope,
    resource: selectResource(state, grant, body),
    refreshToken: grant.isOffline ? issueRefreshToken(state, grant, publicBinding) : undefined,
    idToken: 'with_nonce',
  });
};

/** @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export async function computeChallenge(verifier: string): Promise<string> {
  return base64url.encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))),
  );
}
