import type { Flavour } from './flavour.ts';

/** Follows the specifications, without the habits of a provider. */
export const standard: Flavour = {
  issuer: 'https://auth.example.test',
  endpoints: {
    discovery: '/.well-known/openid-configuration',
    jwks: '/jwks',
    authorization: '/authorize',
    token: '/token',
    pushed_authorization_request: '/par',
    userinfo: '/userinfo',
    revocation: '/revoke',
    introspection: '/introspect',
    end_session: '/end-session',
    device_authorization: '/device-authorization',
  },
};
