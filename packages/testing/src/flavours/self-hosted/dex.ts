import type { Change, Flavour } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

const scopes = ['openid', 'email', 'groups', 'profile', 'offline_access', 'federated:id'];

/** The claims of ID tokens and of access tokens. A refresh keeps the nonce. */
const createClaims: Change = ({ iss, sub, exp, iat, at_hash }, context) => ({
  ...pickScopeClaims(context),
  iss,
  sub,
  aud: context.grant.clientId,
  exp,
  iat,
  at_hash: at_hash ?? crypto.randomUUID().replaceAll('-', '').slice(0, 22),
  nonce: context.grant.nonce,
  ...(context.scopes.includes('groups') && { groups: listClaimValues(context, 'groups') }),
});

/** @see https://dexidp.io/docs/configuration/custom-scopes-claims-clients/ */
export const dex: Flavour = {
  issuer: 'https://dex.example.test/dex',
  // Without revocation and end session.
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/keys',
    authorization: '/auth',
    token: '/token',
    userinfo: '/userinfo',
    introspection: '/token/introspect',
    device_authorization: '/device/code',
  },
  metadata: {
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256', 'plain'],
    scopes_supported: ['openid', 'email', 'groups', 'profile', 'offline_access'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  },
  pkce: 'optional',
  // https://dexidp.io/docs/configuration/tokens/
  defaults: { accessTokenLifetime: 86_400, idTokenLifetime: 86_400 },
  // https://github.com/dexidp/dex/blob/master/server/oauth2.go
  rejectedParameters: {
    request: { error: 'request_not_supported', description: 'Server does not support request parameter.' },
  },
  findRequestError(request) {
    const others = request.scopes.filter(
      (scope) => !scopes.includes(scope) && !scope.startsWith('audience:server:client_id:'),
    );
    if (!request.scopes.includes('openid'))
      return { error: 'invalid_scope', description: 'Missing required scope(s) ["openid"].' };
    return others.length === 0
      ? undefined
      : { error: 'invalid_scope', description: `Unrecognized scope(s) ${JSON.stringify(others)}` };
  },
  // Access tokens are ID tokens.
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims: createClaims,
  idTokenClaims: createClaims,
  tokenResponse: ({ scope: _, ...members }) => ({ ...members, token_type: 'bearer' }),
  // https://github.com/dexidp/dex/blob/master/server/refreshhandlers.go
  rejections: {
    refreshToken: { error: 'invalid_request', description: 'Refresh token expired.', status: 400 },
  },
};
