import * as oauth from 'oauth4webapi';
import { AuthError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { parseScopes } from '../../protocol/scopes.ts';
import { getClientContext } from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { translateError } from './translate-error.ts';

/** Claims of a validated ID token. Identity is `iss` and `sub` together, nothing else. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly auth_time?: number;
  readonly acr?: string;
  readonly sid?: string;
  readonly [claim: string]: unknown;
}

/** A validated answer of the token endpoint. @see RFC 6749 section 5.1 */
export interface TokenResponse {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number;
  /** The granted scopes: those of the response, or the requested ones when the response has no `scope`. */
  readonly scopes: readonly string[];
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly claims?: IdTokenClaims;
  /** @see RFC 9396 section 7 */
  readonly authorizationDetails?: readonly object[];
}

/** Turns the wire's answer into ours, after the checks that every grant shares. */
export async function tokenResponseOf(
  client: Client,
  wire: oauth.TokenEndpointResponse,
  asked: {
    readonly scope: string;
    readonly resource?: string | undefined;
    readonly sub?: string | undefined;
    readonly tokenTypes?: readonly string[];
  },
): Promise<TokenResponse> {
  const { options, now } = getClientContext(client);
  const bound = wire.token_type === 'dpop';
  // A token that is not bound to our key could be used by whoever steals it (RFC 9449 section 5).
  const other = asked.tokenTypes?.includes(wire.token_type) === true;
  if (!other && bound !== (options.dpop !== undefined)) {
    const expected = options.dpop ? 'DPoP' : 'Bearer';
    throw new ValidationError('token_response_invalid', 'token_type', `The token type is not ${expected}.`);
  }
  const claims = oauth.getValidatedIdTokenClaims(wire) as IdTokenClaims | undefined;
  const { validateAccessToken } = options;
  if (validateAccessToken && !other) {
    const sub = claims?.sub ?? asked.sub;
    try {
      await validateAccessToken(wire.access_token, {
        issuer: client.issuer,
        clientId: client.clientId,
        ...(asked.resource !== undefined && { resource: asked.resource }),
        ...(sub !== undefined && { sub }),
      });
    } catch (error) {
      if (error instanceof AuthError && error.name === 'TransportError') throw error;
      throw new ValidationError(
        'access_token_invalid',
        'access_token',
        'The access token did not pass its validation.',
      );
    }
  }
  return {
    accessToken: wire.access_token,
    tokenType: bound ? 'DPoP' : 'Bearer',
    ...(wire.expires_in !== undefined && { expiresAt: seconds(now) + Math.floor(wire.expires_in) }),
    scopes: parseScopes(wire.scope ?? asked.scope),
    ...(wire.refresh_token !== undefined && { refreshToken: wire.refresh_token }),
    ...(wire.id_token !== undefined && { idToken: wire.id_token }),
    ...(claims && { claims }),
    ...(wire.authorization_details && { authorizationDetails: wire.authorization_details }),
  };
}

/** Every failure of a token request in our words. */
export function translateTokenError(error: unknown): Error {
  return translateError(error, {
    code: isAboutIdToken(error) ? 'id_token_invalid' : 'token_response_invalid',
    check: 'token_response',
    refusal: 'token_error',
  });
}

/** The protocol library attaches claims or a header to what it says of a token, and a body to what it says of an answer. */
function isAboutIdToken(error: unknown): boolean {
  const { cause, code, message = '' } = error as { cause?: unknown; code?: unknown; message?: string };
  if (/JWT|JWE|JWS|id_token/.test(message)) return true;
  if (
    code === oauth.JWT_CLAIM_COMPARISON ||
    code === oauth.JWT_TIMESTAMP_CHECK ||
    code === oauth.KEY_SELECTION
  )
    return true;
  if (typeof cause === 'string') return true;
  if (typeof cause !== 'object' || cause === null) return false;
  return 'claims' in cause || 'header' in cause || 'alg' in cause || 'signature' in cause;
}
