import { createLocalJWKSet, jwtVerify } from 'jose';
import type { Flavour } from '../flavour.ts';

/** Six months, the maximum lifetime of a client secret, in seconds. */
const maxSecretLifetime = 15_777_000;

/** @see https://developer.apple.com/documentation/signinwithapplerestapi */
export const apple: Flavour = {
  issuer: 'https://appleid.apple.com',
  // Without userinfo and end session.
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/auth/keys',
    authorization: '/auth/authorize',
    token: '/auth/token',
    revocation: '/auth/revoke',
  },
  metadata: {
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'email', 'name'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  },
  pkce: 'optional',
  defaults: {
    accessTokenFormat: 'opaque',
    refreshTokens: 'keep',
    clients: [{ clientId: 'web', clientSecret: 'web-secret', tokenEndpointAuthMethod: 'client_secret_post' }],
  },
  // https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server.
  findRequestError: ({ scopes, parameters }) =>
    scopes.some((scope) => scope === 'name' || scope === 'email') &&
    parameters.get('response_mode') !== 'form_post'
      ? {
          error: 'invalid_request',
          description: 'response_mode is not form_post, which the scopes name and email require.',
          page: true,
        }
      : undefined,
  // The name is in the first response only.
  authorizationResponse({ scopes, hasConsented, user }) {
    if (hasConsented || !scopes.includes('name')) return {};
    const [firstName = '', lastName = ''] = String(user?.claims?.name ?? '').split(' ');
    return { user: JSON.stringify({ name: { firstName, lastName }, email: user?.claims?.email }) };
  },
  // https://developer.apple.com/documentation/signinwithapplerestapi/generate-and-validate-tokens
  issuesRefreshToken: () => true,
  issuesIdToken: () => true,
  tokenResponse: ({ scope: _, ...members }) => members,
  // Apple sends `email_verified` as a text or a Boolean; the flavour sends a text:
  // https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
  idTokenClaims: ({ sid: _, ...claims }, { user, scopes }) => ({
    ...claims,
    auth_time: claims.auth_time ?? claims.iat,
    nonce_supported: true,
    ...(scopes.includes('email') && {
      email: user?.claims?.email,
      email_verified: String(user?.claims?.email_verified ?? true),
    }),
  }),
  // The secret is a JWT: https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
  async verifyClientSecret(client, secret, { issuer, now }) {
    if (client.jwks === undefined) return secret === client.clientSecret;
    try {
      const { payload } = await jwtVerify(secret, createLocalJWKSet({ keys: [...client.jwks.keys] }), {
        algorithms: ['ES256'],
        subject: client.clientId,
        audience: issuer,
        requiredClaims: ['iss', 'iat', 'exp'],
        currentDate: new Date(now),
      });
      return payload.exp! - now / 1000 <= maxSecretLifetime;
    } catch {
      return false;
    }
  },
  publicClients: { error: 'invalid_client', description: '', status: 400 },
};
