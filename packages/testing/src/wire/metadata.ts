import type { Endpoint } from '../options.ts';
import type { ServerState } from '../state.ts';

const standardPaths: Record<Endpoint, string> = {
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
};

const auth0Paths: Record<Endpoint, string> = {
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
};

export const getPaths = ({ auth0 }: Pick<ServerState, 'auth0'>) => (auth0 ? auth0Paths : standardPaths);

/** Returns the issuer without its trailing slash. */
export const getBaseUrl = (state: Pick<ServerState, 'issuer'>) => state.issuer.replace(/\/$/, '');

/** Finds the endpoint of a path, including aliases for mutual TLS. */
export function findEndpoint(state: ServerState, pathname: string): Endpoint | undefined {
  const prefix = new URL(state.issuer).pathname.replace(/\/$/, '');
  const wellKnown = '/.well-known/oauth-authorization-server';
  if (pathname === `${wellKnown}${prefix}`) return 'discovery';
  if (!pathname.startsWith(prefix)) return undefined;
  const rest = pathname.slice(prefix.length).replace(/^\/mtls\//, '/');
  return (Object.keys(standardPaths) as Endpoint[]).find((name) => getPaths(state)[name] === rest);
}

const signing = ['RS256', 'PS256', 'ES256', 'Ed25519'];

/** Creates the metadata (RFC 8414 section 2, OpenID Connect Discovery section 3). */
export function createMetadata(state: ServerState): Record<string, unknown> {
  const base = getBaseUrl(state);
  const paths = getPaths(state);
  const endpoints = Object.fromEntries(
    Object.entries(paths)
      .filter(([name]) => name !== 'discovery' && name !== 'jwks')
      .map(([name, path]) => [`${name}_endpoint`, base + path]),
  );
  const metadata: Record<string, unknown> = {
    issuer: state.issuer,
    ...endpoints,
    jwks_uri: base + paths.jwks,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    id_token_signing_alg_values_supported: signing,
    userinfo_signing_alg_values_supported: signing,
    authorization_signing_alg_values_supported: signing,
    introspection_signing_alg_values_supported: signing,
    request_object_signing_alg_values_supported: signing,
    dpop_signing_alg_values_supported: signing,
    token_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    code_challenge_methods_supported: ['S256'],
    request_parameter_supported: true,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    ...(state.options.requirePushedAuthorizationRequests && { require_pushed_authorization_requests: true }),
    ...(state.options.mtlsEndpointAliases && {
      mtls_endpoint_aliases: Object.fromEntries(
        Object.entries(endpoints).map(([name, url]) => [name, url.replace(base, `${base}/mtls`)]),
      ),
    }),
    ...state.options.metadata,
  };
  for (const [name, value] of Object.entries(metadata)) if (value === undefined) delete metadata[name];
  return metadata;
}
