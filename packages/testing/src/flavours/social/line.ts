import type { Flavour } from '../flavour.ts';
import { pickScopeClaims } from '../flavour.ts';

const api = 'https://api.line.me/oauth2/v2.1';

/** @see https://developers.line.biz/en/reference/line-login/ */
export const line: Flavour = {
  issuer: 'https://access.line.me',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: `${api}/certs`,
    authorization: '/oauth2/v2.1/authorize',
    token: `${api}/token`,
    userinfo: `${api}/userinfo`,
    revocation: `${api}/revoke`,
  },
  metadata: {
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    // Assumption: the tokens of web logins have another algorithm.
    id_token_signing_alg_values_supported: ['ES256'],
    scopes_supported: ['openid', 'profile', 'email'],
    code_challenge_methods_supported: ['S256'],
  },
  pkce: 'optional',
  // https://developers.line.biz/en/docs/line-login/managing-access-tokens/
  // The secret is a parameter of the token request: https://developers.line.biz/en/reference/line-login/#issue-access-token
  defaults: {
    accessTokenFormat: 'opaque',
    accessTokenLifetime: 2_592_000,
    idTokenLifetime: 3600,
    clients: [{ clientId: 'web', clientSecret: 'web-secret', tokenEndpointAuthMethod: 'client_secret_post' }],
  },
  issuesRefreshToken: () => true,
  // Signed with the channel secret: https://developers.line.biz/en/docs/line-login/verify-id-token/
  idTokenSigningAlg: 'HS256',
  idTokenClaims: ({ sid: _, ...claims }, context) => ({
    ...pickScopeClaims(context),
    ...claims,
  }),
};
