import type { Flavour } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

/** @see https://docs.logto.io/integrations */
export const logto: Flavour = {
  issuer: 'https://logto.example.test/oidc',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/jwks',
    authorization: '/auth',
    token: '/token',
    userinfo: '/me',
    revocation: '/token/revocation',
    introspection: '/token/introspection',
    end_session: '/session/end',
  },
  metadata: {
    response_types_supported: ['code'],
    response_modes_supported: ['form_post', 'fragment', 'query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES384'],
    scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'phone', 'roles'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  },
  // https://docs.logto.io/security/signing-keys
  defaults: { accessTokenSigningAlg: 'ES384', idTokenLifetime: 3600 },
  idTokenSigningAlg: 'ES384',
  // https://docs.logto.io/authorization/global-api-resources
  opaqueWithoutResource: true,
  // OpenID Connect Core section 11: https://docs.logto.io/concepts/refresh-token
  issuesRefreshToken: ({ scopes, parameters }) =>
    scopes.includes('offline_access') && (parameters.get('prompt') ?? '').split(' ').includes('consent'),
  idTokenClaims: (claims, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    ...(context.scopes.includes('roles') && { roles: listClaimValues(context, 'roles') }),
  }),
};
