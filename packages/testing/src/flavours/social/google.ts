import type { Flavour } from '../flavour.ts';
import { pickScopeClaims } from '../flavour.ts';

/** @see https://developers.google.com/identity/openid-connect/reference */
export const google: Flavour = {
  issuer: 'https://accounts.google.com',
  // Without end session, introspection and pushed requests.
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: 'https://www.googleapis.com/oauth2/v3/certs',
    authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
    revocation: 'https://oauth2.googleapis.com/revoke',
    device_authorization: 'https://oauth2.googleapis.com/device/code',
  },
  metadata: {
    response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token', 'none'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'email', 'profile'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['plain', 'S256'],
    authorization_response_iss_parameter_supported: true,
  },
  pkce: 'optional',
  defaults: { accessTokenFormat: 'opaque', idTokenLifetime: 3600, refreshTokens: 'keep' },
  // The user sees the error: https://developers.google.com/identity/protocols/oauth2/web-server
  findRequestError: ({ scopes }) =>
    scopes.includes('offline_access')
      ? {
          error: 'invalid_scope',
          description: 'Some requested scopes were invalid. {invalid=[offline_access]}',
          page: true,
        }
      : undefined,
  // At the first consent, or at each one with `prompt=consent`:
  // https://developers.google.com/identity/protocols/oauth2/web-server#offline
  issuesRefreshToken: ({ parameters, hasConsented }) =>
    parameters.get('access_type') === 'offline' &&
    (!hasConsented || (parameters.get('prompt') ?? '').split(' ').includes('consent')),
  idTokenClaims: ({ sid: _, ...claims }, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    azp: context.grant.clientId,
  }),
  rejections: { refreshToken: { description: 'Token has been expired or revoked.' } },
  // Web and desktop clients have a secret. Clients for iOS, which have none, are not imitated:
  // https://developers.google.com/identity/protocols/oauth2/native-app
  publicClients: { error: 'invalid_request', description: 'client_secret is missing.', status: 400 },
};
