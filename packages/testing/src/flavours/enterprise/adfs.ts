import type { Flavour } from '../flavour.ts';

/** @see https://learn.microsoft.com/windows-server/identity/ad-fs/overview/ad-fs-openid-connect-oauth-concepts */
export const adfs: Flavour = {
  issuer: 'https://adfs.example.test/adfs',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/discovery/keys',
    authorization: '/oauth2/authorize/',
    token: '/oauth2/token/',
    userinfo: '/userinfo',
    end_session: '/oauth2/logout',
    device_authorization: '/oauth2/devicecode',
  },
  metadata: {
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token', 'code token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'implicit',
      'password',
      'srv_challenge',
    ],
    subject_types_supported: ['pairwise'],
    scopes_supported: [
      'allatclaims',
      'email',
      'user_impersonation',
      'logon_cert',
      'aza',
      'profile',
      'openid',
    ],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
    access_token_issuer: 'http://adfs.example.test/adfs/services/trust',
  },
  pkce: 'optional',
  // Assumption: a refresh token is always issued. `offline_access` is not in `scopes_supported`.
  issuesRefreshToken: () => true,
  // `access_token_issuer`: https://learn.microsoft.com/openspecs/windows_protocols/ms-oidce/586de7dd-3385-47c7-93a2-935d9e90441c
  // Assumption: it is an http address, and `auth_time` is a date as a text.
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims: ({ client_id: appid, scope: scp, ...claims }, { issuer }) => ({
    ...claims,
    iss: `${issuer.replace(/^https:/, 'http:')}/services/trust`,
    appid,
    scp,
    auth_time: new Date(Number(claims.iat) * 1000).toISOString(),
  }),
};
