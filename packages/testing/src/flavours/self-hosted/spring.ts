import type { Flavour } from '../flavour.ts';

/** @see https://docs.spring.io/spring-authorization-server/reference/configuration-model.html */
export const spring: Flavour = {
  issuer: 'https://spring.example.test',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/oauth2/jwks',
    authorization: '/oauth2/authorize',
    token: '/oauth2/token',
    userinfo: '/userinfo',
    revocation: '/oauth2/revoke',
    introspection: '/oauth2/introspect',
    end_session: '/connect/logout',
    device_authorization: '/oauth2/device_authorization',
  },
  metadata: {
    response_types_supported: ['code'],
    grant_types_supported: [
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
    ],
    code_challenge_methods_supported: ['S256'],
  },
  pkce: 'optional',
  // https://docs.spring.io/spring-authorization-server/reference/core-model-components.html
  defaults: { accessTokenLifetime: 300, idTokenLifetime: 1800, refreshTokens: 'keep' },
  // Public clients receive none:
  // https://docs.spring.io/spring-authorization-server/reference/guides/how-to-pkce.html
  issuesRefreshToken: ({ isPublic }) => !isPublic,
  // Without `typ` and `client_id`, for the client itself:
  // https://github.com/spring-projects/spring-authorization-server/blob/main/oauth2-authorization-server/src/main/java/org/springframework/security/oauth2/server/authorization/token/JwtGenerator.java
  accessTokenHeader: { typ: undefined },
  accessTokenClaims: ({ client_id: aud, ...claims }, { scopes }) => ({
    ...claims,
    aud,
    nbf: claims.iat,
    scope: scopes,
  }),
  idTokenHeader: { typ: undefined },
  idTokenClaims: (claims, { grant }) => ({ ...claims, azp: grant.clientId, at_hash: undefined }),
};
