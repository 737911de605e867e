import type { Flavour } from '../flavour.ts';

const authenticationMethods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none'];

/**
 * A custom authorization server of Okta.
 *
 * @see https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/CustomAS
 */
export const okta: Flavour = {
  issuer: 'https://okta.example.test/oauth2/default',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/v1/keys',
    authorization: '/v1/authorize',
    token: '/v1/token',
    userinfo: '/v1/userinfo',
    revocation: '/v1/revoke',
    introspection: '/v1/introspect',
    end_session: '/v1/logout',
    device_authorization: '/v1/device/authorize',
  },
  // https://developer.okta.com/docs/reference/api/oidc/
  metadata: {
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post', 'okta_post_message'],
    grant_types_supported: [
      'authorization_code',
      'implicit',
      'refresh_token',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    token_endpoint_auth_methods_supported: authenticationMethods,
    introspection_endpoint_auth_methods_supported: authenticationMethods,
    revocation_endpoint_auth_methods_supported: authenticationMethods,
    code_challenge_methods_supported: ['S256'],
    request_parameter_supported: true,
  },
  // With rotation, see "Grace period for token rotation": https://developer.okta.com/docs/guides/refresh-tokens/main/
  defaults: { idTokenLifetime: 3600, refreshTokenGrace: 30 },
  // The header has `alg` and `kid` only.
  accessTokenHeader: { typ: undefined },
  accessTokenClaims: ({ scope: _, client_id: cid, ...claims }, { grant, scopes }) => ({
    ...claims,
    aud: grant.resources[0] ?? 'api://default',
    ver: 1,
    cid,
    uid: grant.sub,
    scp: scopes,
  }),
  idTokenHeader: { typ: undefined },
  idTokenClaims: ({ sid: _, ...claims }) => ({
    ...claims,
    ver: 1,
    amr: ['pwd'],
    idp: '00o1example',
    auth_time: claims.auth_time ?? claims.iat,
  }),
  rejections: { refreshToken: { description: 'The refresh token is invalid or expired.' } },
};
