import type { Flavour } from '../flavour.ts';

/** @see https://www.ory.com/docs/hydra/reference/api */
export const hydra: Flavour = {
  issuer: 'https://hydra.example.test',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/.well-known/jwks.json',
    authorization: '/oauth2/auth',
    token: '/oauth2/token',
    userinfo: '/userinfo',
    revocation: '/oauth2/revoke',
    end_session: '/oauth2/sessions/logout',
  },
  // At the administrative port.
  unlistedEndpoints: { introspection: '/admin/oauth2/introspect' },
  metadata: {
    response_types_supported: ['code', 'code id_token', 'id_token', 'token id_token', 'token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'implicit', 'client_credentials', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['offline_access', 'offline', 'openid'],
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'client_secret_basic',
      'private_key_jwt',
      'none',
    ],
    code_challenge_methods_supported: ['plain', 'S256'],
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
  },
  pkce: 'optional',
  // https://www.ory.com/docs/hydra/advanced
  defaults: { accessTokenFormat: 'opaque', idTokenLifetime: 3600 },
  audienceParameter: 'audience',
  issuesRefreshToken: ({ scopes }) => scopes.includes('offline') || scopes.includes('offline_access'),
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims: ({ scope: _, ...claims }, { grant, scopes }) => ({
    ...claims,
    aud: grant.resources,
    nbf: claims.iat,
    scp: scopes,
    ext: {},
  }),
  // Without `exp` and `sub`: https://github.com/ory/hydra/blob/master/consent/strategy_default.go
  logoutTokenClaims: ({ exp: _, sub: __, ...claims }) => ({ ...claims, aud: [claims.aud] }),
  // https://www.ory.com/docs/hydra/reference/api
  introspection: (members, kind) => ({ ...members, token_use: kind }),
  // https://github.com/ory/fosite/blob/master/client_authentication.go
  assertionAudience: 'token_endpoint',
};
