import type { Flavour } from '../flavour.ts';
import { pickScopeClaims } from '../flavour.ts';

/** @see https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2 */
export const linkedin: Flavour = {
  issuer: 'https://www.linkedin.com/oauth',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/openid/jwks',
    authorization: '/v2/authorization',
    token: '/v2/accessToken',
    userinfo: 'https://api.linkedin.com/v2/userinfo',
  },
  metadata: {
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email'],
  },
  pkce: 'optional',
  // The page describes PKCE at other endpoints only. Assumption: these endpoints reject it.
  // https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow-native
  rejectedParameters: { code_challenge: {}, code_verifier: {} },
  defaults: {
    accessTokenFormat: 'opaque',
    clients: [{ clientId: 'web', clientSecret: 'web-secret', tokenEndpointAuthMethod: 'client_secret_post' }],
  },
  // Only selected partners receive refresh tokens:
  // https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens
  issuesRefreshToken: () => false,
  // Assumption: without the nonce of the request.
  idTokenClaims: ({ nonce: _, sid: __, ...claims }, context) => ({ ...pickScopeClaims(context), ...claims }),
};
