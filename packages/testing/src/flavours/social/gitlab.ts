import type { Flavour } from '../flavour.ts';
import { listClaimValues } from '../flavour.ts';

/** @see https://docs.gitlab.com/integration/openid_connect_provider/ */
export const gitlab: Flavour = {
  issuer: 'https://gitlab.com',
  // Without end session.
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/oauth/discovery/keys',
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    userinfo: '/oauth/userinfo',
    revocation: '/oauth/revoke',
    introspection: '/oauth/introspect',
  },
  metadata: {
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['api', 'read_api', 'read_user', 'openid', 'profile', 'email'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['plain', 'S256'],
  },
  pkce: 'optional',
  // https://docs.gitlab.com/api/oauth2/
  defaults: { accessTokenFormat: 'opaque', accessTokenLifetime: 7200 },
  issuesRefreshToken: () => true,
  tokenResponse: (members, { now }) => ({ ...members, token_type: 'bearer', created_at: now }),
  // Other claims are in userinfo only.
  idTokenClaims: ({ sid: _, ...claims }, context) => ({
    ...claims,
    sub_legacy: `legacy-${context.grant.sub}`,
    auth_time: claims.auth_time ?? claims.iat,
    ...(context.scopes.includes('email') && {
      email: context.user?.claims?.email,
      email_verified: context.user?.claims?.email_verified,
    }),
    groups_direct: listClaimValues(context, 'groups'),
  }),
  userinfo: (members, context) => ({
    ...members,
    sub_legacy: `legacy-${context.grant.sub}`,
    groups: listClaimValues(context, 'groups'),
  }),
  // Compared without decoding: https://github.com/doorkeeper-gem/doorkeeper/blob/main/lib/doorkeeper/oauth/client/credentials.rb
  decodesBasicCredentials: false,
};
