import type { Flavour } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

const protocol = '/protocol/openid-connect';

/** @see https://www.keycloak.org/securing-apps/oidc-layers */
export const keycloak: Flavour = {
  issuer: 'https://keycloak.example.test/realms/test',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: `${protocol}/certs`,
    authorization: `${protocol}/auth`,
    token: `${protocol}/token`,
    pushed_authorization_request: `${protocol}/ext/par/request`,
    userinfo: `${protocol}/userinfo`,
    revocation: `${protocol}/revoke`,
    introspection: `${protocol}/token/introspect`,
    end_session: `${protocol}/logout`,
    device_authorization: `${protocol}/auth/device`,
  },
  // https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/protocol/oidc/OIDCWellKnownProvider.java
  metadata: {
    response_types_supported: ['code', 'none', 'id_token', 'token', 'id_token token', 'code id_token'],
    response_modes_supported: ['query', 'fragment', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt'],
    grant_types_supported: [
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    subject_types_supported: ['public', 'pairwise'],
    scopes_supported: ['openid', 'profile', 'email', 'roles', 'offline_access'],
    id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
    token_endpoint_auth_methods_supported: [
      'private_key_jwt',
      'client_secret_basic',
      'client_secret_post',
      'tls_client_auth',
      'client_secret_jwt',
    ],
    code_challenge_methods_supported: ['plain', 'S256'],
    request_parameter_supported: true,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
  },
  // The previous refresh token stays valid, unless the realm revokes it:
  // https://www.keycloak.org/docs/latest/server_admin/#_timeouts
  defaults: { accessTokenLifetime: 300, idTokenLifetime: 300, refreshTokenGrace: 1800 },
  // The scope `offline_access` is for offline sessions only:
  // https://www.keycloak.org/docs/latest/server_admin/#_offline-access
  issuesRefreshToken: () => true,
  authorizationResponse: ({ session }) => ({ session_state: session.sid }),
  accessTokenHeader: { typ: 'JWT' },
  // https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/representations/AccessToken.java
  accessTokenClaims(claims, context) {
    const { client_id: azp, ...others } = claims;
    return {
      ...others,
      ...pickScopeClaims(context),
      typ: 'Bearer',
      azp,
      sid: context.grant.sid,
      // Another audience needs a mapper: https://www.keycloak.org/docs/latest/server_admin/#_audience
      aud: context.grant.resources[0] ?? 'account',
      realm_access: { roles: listClaimValues(context, 'roles') ?? [] },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
    };
  },
  idTokenClaims: (claims, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    typ: 'ID',
    azp: context.grant.clientId,
  }),
  tokenResponse: (members, { grant, scopes, grantType }) => ({
    ...members,
    refresh_expires_in: members.refresh_token === undefined || scopes.includes('offline_access') ? 0 : 1800,
    'not-before-policy': 0,
    ...(grantType !== 'client_credentials' && { session_state: grant.sid }),
  }),
  // https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/protocol/oidc/TokenManager.java
  rejections: {
    refreshToken: { description: 'Token is not active' },
    // For a wrong or missing secret. An unknown client receives the same error here:
    // https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/authentication/authenticators/client/ClientIdAndSecretAuthenticator.java
    client: {
      error: 'unauthorized_client',
      description: 'Invalid client or Invalid client credentials',
      status: 401,
    },
  },
};
