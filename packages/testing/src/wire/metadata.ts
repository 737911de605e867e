import type { ServerState } from '../state.ts';
import { getBaseUrl, listEndpointUrls, moveToIssuer } from './endpoint-urls.ts';

const signing = ['RS256', 'PS256', 'ES256', 'Ed25519'];

/** The members of a server that supports everything. */
const standardMembers: Readonly<Record<string, unknown>> = {
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
};

/** Returns the members of the metadata besides the issuer and the endpoints. */
export const getCapabilities = ({
  flavour,
}: Pick<ServerState, 'flavour'>): Readonly<Record<string, unknown>> => flavour.metadata ?? standardMembers;

/** Creates the metadata (RFC 8414 section 2, OpenID Connect Discovery section 3). */
export function createMetadata(state: ServerState): Record<string, unknown> {
  const base = getBaseUrl(state);
  const { metadataIssuer } = state.flavour;
  const urls = listEndpointUrls(state);
  const endpoints = Object.fromEntries(
    urls
      .filter(([name]) => name !== 'discovery' && name !== 'jwks')
      .map(([name, url]) => [`${name}_endpoint`, url]),
  );
  const metadata: Record<string, unknown> = {
    issuer: metadataIssuer === undefined ? state.issuer : moveToIssuer(state, metadataIssuer),
    ...endpoints,
    jwks_uri: urls.find(([name]) => name === 'jwks')?.[1],
    ...getCapabilities(state),
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
