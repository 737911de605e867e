import type { Flavour, FlavourContext } from '../flavour.ts';
import { listClaimValues } from '../flavour.ts';

const project = '69234237810729019';

/** @see https://zitadel.com/docs/apis/openidoauth/endpoints */
export const zitadel: Flavour = {
  issuer: 'https://zitadel.example.test',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/oauth/v2/keys',
    authorization: '/oauth/v2/authorize',
    token: '/oauth/v2/token',
    userinfo: '/oidc/v1/userinfo',
    revocation: '/oauth/v2/revoke',
    introspection: '/oauth/v2/introspect',
    end_session: '/oidc/v1/end_session',
    device_authorization: '/oauth/v2/device_authorization',
  },
  metadata: {
    response_types_supported: ['code', 'id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: [
      'authorization_code',
      'implicit',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'],
    token_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ],
    code_challenge_methods_supported: ['S256'],
  },
  pkce: 'optional',
  defaults: { accessTokenFormat: 'opaque' },
  findRequestError: ({ scopes }) =>
    scopes.includes('openid')
      ? undefined
      : {
          error: 'invalid_scope',
          description:
            'The scope openid is missing in your request. Please ensure the scope openid is added to the request.',
        },
  // The audience contains the project: https://zitadel.com/docs/apis/openidoauth/claims
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims: ({ client_id: azp, scope: _, ...claims }, context) => ({
    ...claims,
    aud: [context.grant.clientId, project],
    azp,
    nbf: claims.iat,
    ...createRoles(context),
  }),
  idTokenClaims: (claims, context) => ({
    ...claims,
    aud: [context.grant.clientId, project],
    azp: context.grant.clientId,
    amr: ['pwd'],
    auth_time: claims.auth_time ?? claims.iat,
    ...createRoles(context),
  }),
  introspection: (members) => ({ ...members, aud: [members.client_id, project] }),
  userinfo: (members, context) => ({ ...members, ...createRoles(context) }),
};

/** Creates the claim of the roles: each role has the organizations that granted it. */
function createRoles(context: FlavourContext): Readonly<Record<string, unknown>> {
  const roles = listClaimValues(context, 'roles');
  if (roles === undefined) return {};
  return {
    'urn:zitadel:iam:org:project:roles': Object.fromEntries(
      roles.map((role) => [role, { '69234237810729001': 'example.test' }]),
    ),
  };
}
