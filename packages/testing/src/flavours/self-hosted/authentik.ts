import type { Change, Flavour } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

const base = 'https://authentik.example.test/application/o';

/** Adds the claims of the scopes to a token: `groups` belongs to `profile`, and an address is not verified. */
const addScopeClaims: Change = (claims, context) => ({
  ...pickScopeClaims(context),
  ...(context.scopes.includes('email') && { email_verified: false }),
  ...(context.scopes.includes('profile') && { groups: listClaimValues(context, 'groups') ?? [] }),
  ...claims,
});

/** @see https://docs.goauthentik.io/add-secure-apps/providers/oauth2/ */
export const authentik: Flavour = {
  issuer: `${base}/test/`,
  endpoints: {
    discovery: `${base}/test/.well-known/openid-configuration`,
    jwks: `${base}/test/jwks/`,
    authorization: `${base}/authorize/`,
    token: `${base}/token/`,
    userinfo: `${base}/userinfo/`,
    revocation: `${base}/revoke/`,
    introspection: `${base}/introspect/`,
    end_session: `${base}/test/end-session/`,
    device_authorization: `${base}/device/`,
  },
  metadata: {
    response_types_supported: ['code', 'id_token', 'id_token token', 'code token', 'code id_token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'implicit',
      'client_credentials',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['plain', 'S256'],
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  },
  pkce: 'optional',
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims: ({ client_id: azp, ...claims }, context) =>
    addScopeClaims({ ...claims, aud: azp, azp }, context),
  idTokenClaims: addScopeClaims,
  // https://github.com/goauthentik/authentik/blob/main/authentik/providers/oauth2/id_token.py
  introspection: (members) => ({ ...members, aud: members.client_id }),
  userinfo: (members, context) => ({ ...members, ...addScopeClaims({}, context) }),
};
