import type { Flavour } from '../flavour.ts';

/** @see https://auth0.com/docs/api/authentication */
export const auth0: Flavour = {
  // The issuer ends with a slash: https://auth0.com/docs/secure/tokens/id-tokens/validate-id-tokens
  issuer: 'https://tenant.auth.example.test/',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/.well-known/jwks.json',
    authorization: '/authorize',
    token: '/oauth/token',
    pushed_authorization_request: '/oauth/par',
    userinfo: '/userinfo',
    revocation: '/oauth/revoke',
    introspection: '/oauth/introspect',
    end_session: '/oidc/logout',
    device_authorization: '/oauth/device/code',
  },
  defaults: { accessTokenLifetime: 86_400, idTokenLifetime: 36_000, refreshTokens: 'keep' },
  // https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens
  audienceParameter: 'audience',
  idTokenClaims: (claims, { user }) => ({ ...user?.claims, ...claims }),
  // The response to a code has no scope, the response to a refresh has one.
  tokenResponse: ({ scope, ...members }, { grantType }) =>
    grantType === 'authorization_code' ? members : { ...members, scope },
  rejections: { code: { status: 403 }, refreshToken: { status: 403 } },
  // https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
  sendsRetryAfter: false,
};
