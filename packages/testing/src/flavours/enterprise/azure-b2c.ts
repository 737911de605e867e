import type { Flavour } from '../flavour.ts';
import { pickScopeClaims } from '../flavour.ts';

const policy = 'b2c_1_signupsignin1';
const base = `https://tenant.b2clogin.com/tenant.onmicrosoft.com/${policy}`;

/** The scopes that are not for an API. */
const openidScopes = ['openid', 'profile', 'email', 'offline_access'];

/**
 * Azure AD B2C with one policy (user flow).
 *
 * @see https://learn.microsoft.com/azure/active-directory-b2c/openid-connect
 */
export const azureB2c: Flavour = {
  // The metadata is not at the issuer: https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview
  issuer: 'https://tenant.b2clogin.com/0a1b2c3d-0000-4000-8000-00000000000c/v2.0/',
  endpoints: {
    discovery: `${base}/v2.0/.well-known/openid-configuration`,
    jwks: `${base}/discovery/v2.0/keys`,
    authorization: `${base}/oauth2/v2.0/authorize`,
    token: `${base}/oauth2/v2.0/token`,
    end_session: `${base}/oauth2/v2.0/logout`,
  },
  metadata: {
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  },
  pkce: 'optional',
  defaults: { accessTokenLifetime: 3600, idTokenLifetime: 3600 },
  // An access token needs the scope of an API, or the client ID as a scope:
  // https://learn.microsoft.com/azure/active-directory-b2c/access-tokens
  tokenResponse: ({ access_token, ...members }, { scopes, now }) => ({
    ...members,
    ...(scopes.some((scope) => !openidScopes.includes(scope)) && { access_token }),
    not_before: now,
  }),
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims({ client_id: azp, scope: _, jti: __, ...claims }, { scopes, grant }) {
    const names = scopes.filter((scope) => scope.startsWith('https://'));
    const [, api = grant.clientId] = /^https:\/\/[^/]+\/([^/]+)\//.exec(names[0] ?? '') ?? [];
    return {
      ...claims,
      aud: api,
      azp,
      nbf: claims.iat,
      ver: '1.0',
      tfp: policy,
      // https://learn.microsoft.com/azure/active-directory-b2c/access-tokens#request-a-token
      nonce: names.length > 0 ? grant.nonce : undefined,
      scp: names.map((name) => name.split('/').pop()).join(' ') || undefined,
    };
  },
  idTokenClaims: ({ sid: _, ...claims }, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    nbf: claims.iat,
    auth_time: claims.auth_time ?? claims.iat,
    ver: '1.0',
    tfp: policy,
  }),
};
