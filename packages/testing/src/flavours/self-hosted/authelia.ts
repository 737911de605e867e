import type { Flavour } from '../flavour.ts';

/** @see https://www.authelia.com/integration/openid-connect/introduction/ */
export const authelia: Flavour = {
  issuer: 'https://authelia.example.test',
  // Without end session.
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/jwks.json',
    authorization: '/api/oidc/authorization',
    token: '/api/oidc/token',
    pushed_authorization_request: '/api/oidc/pushed-authorization-request',
    userinfo: '/api/oidc/userinfo',
    revocation: '/api/oidc/revocation',
    introspection: '/api/oidc/introspection',
    device_authorization: '/api/oidc/device-authorization',
  },
  metadata: {
    response_types_supported: ['code', 'id_token', 'token', 'code id_token', 'code token'],
    response_modes_supported: ['form_post', 'query', 'fragment'],
    grant_types_supported: ['authorization_code', 'implicit', 'client_credentials', 'refresh_token'],
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'offline_access', 'profile', 'groups', 'email'],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
    ],
    code_challenge_methods_supported: ['S256'],
  },
  pkce: 'optional',
  defaults: { accessTokenFormat: 'opaque', idTokenLifetime: 3600 },
  audienceParameter: 'audience',
  // Assumption: the claims are those of the library fosite by default.
  accessTokenClaims: ({ scope: _, ...claims }, { grant, scopes }) => ({
    ...claims,
    aud: grant.resources,
    nbf: claims.iat,
    scp: scopes,
  }),
  // https://github.com/authelia/authelia/blob/24b00306/internal/oidc/client_auth.go
  assertionAudience: 'token_endpoint',
};
