import type { Flavour } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

const domain = 'https://example.auth.eu-central-1.amazoncognito.com';
const reservedScopes = ['openid', 'email', 'phone', 'profile', 'aws.cognito.signin.user.admin'];

/** @see https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html */
export const cognito: Flavour = {
  issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/.well-known/jwks.json',
    authorization: `${domain}/oauth2/authorize`,
    token: `${domain}/oauth2/token`,
    userinfo: `${domain}/oauth2/userInfo`,
    revocation: `${domain}/oauth2/revoke`,
  },
  // https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
  unlistedEndpoints: { end_session: `${domain}/logout` },
  logoutTargetParameters: ['logout_uri'],
  metadata: {
    response_types_supported: ['code', 'token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'email', 'phone', 'profile'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  },
  pkce: 'optional',
  // Each code has a refresh token, and a refresh has none, unless rotation is enabled:
  // https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
  defaults: { accessTokenLifetime: 3600, idTokenLifetime: 3600, refreshTokens: 'keep' },
  issuesRefreshToken: () => true,
  tokenResponse: ({ scope: _, ...members }) => members,
  rejections: { code: { description: '' }, refreshToken: { description: '' } },
  // A custom scope is RESOURCE/NAME: https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
  findRequestError: ({ scopes }) =>
    scopes.every((scope) => reservedScopes.includes(scope) || scope.includes('/'))
      ? undefined
      : { error: 'invalid_scope', description: '' },
  // Without `typ` and `aud`:
  // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
  accessTokenHeader: { typ: undefined },
  accessTokenClaims: ({ aud: _, ...claims }, context) => ({
    ...claims,
    token_use: 'access',
    username: context.grant.sub,
    'cognito:groups': listClaimValues(context, 'groups'),
  }),
  // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
  idTokenHeader: { typ: undefined },
  idTokenClaims: ({ sid: _, ...claims }, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    token_use: 'id',
    'cognito:username': context.grant.sub,
    'cognito:groups': listClaimValues(context, 'groups'),
  }),
};
