import type { Flavour } from '../flavour.ts';

/** @see https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm */
export const salesforce: Flavour = {
  issuer: 'https://example.my.salesforce.com',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/id/keys',
    authorization: '/services/oauth2/authorize',
    token: '/services/oauth2/token',
    userinfo: '/services/oauth2/userinfo',
    revocation: '/services/oauth2/revoke',
    introspection: '/services/oauth2/introspect',
    end_session: '/services/auth/idp/oidc/logout',
  },
  metadata: {
    response_types_supported: ['code', 'token', 'token id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: [
      'openid',
      'profile',
      'email',
      'address',
      'phone',
      'api',
      'refresh_token',
      'offline_access',
    ],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
  },
  pkce: 'optional',
  defaults: { accessTokenFormat: 'opaque', refreshTokens: 'keep' },
  issuesRefreshToken: ({ scopes }) => scopes.includes('refresh_token') || scopes.includes('offline_access'),
  // Assumption: with the address of the organization, and without `expires_in`.
  tokenResponse: ({ expires_in: _, ...members }, context) => ({
    ...members,
    instance_url: context.issuer,
    id: `${context.issuer}/id/00Dexample/${context.grant.sub}`,
    issued_at: String(context.now * 1000),
    signature: 'a-signature',
  }),
  // https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
  rejections: { refreshToken: { description: 'expired access/refresh token' } },
};
