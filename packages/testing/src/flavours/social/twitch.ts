import type { Flavour } from '../flavour.ts';

/** @see https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/ */
export const twitch: Flavour = {
  issuer: 'https://id.twitch.tv/oauth2',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/keys',
    authorization: '/authorize',
    token: '/token',
    userinfo: '/userinfo',
    revocation: '/revoke',
  },
  metadata: {
    claims_parameter_supported: true,
    response_types_supported: ['id_token', 'code', 'token', 'code id_token', 'token id_token'],
    scopes_supported: ['openid'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  },
  pkce: 'optional',
  defaults: {
    accessTokenFormat: 'opaque',
    clients: [{ clientId: 'web', clientSecret: 'web-secret', tokenEndpointAuthMethod: 'client_secret_post' }],
  },
  issuesRefreshToken: () => true,
  // The scope is a list: https://dev.twitch.tv/docs/authentication/refresh-tokens/
  tokenResponse: (members, { scopes }) => ({ ...members, scope: scopes, token_type: 'bearer' }),
  // https://dev.twitch.tv/docs/authentication/refresh-tokens/
  rejections: {
    refreshToken: {
      error: 'Bad Request',
      description: '',
      status: 400,
      members: { status: 400, message: 'Invalid refresh token' },
    },
  },
  idTokenClaims: ({ sid: _, ...claims }, { grant }) => ({ ...claims, azp: grant.clientId }),
};
