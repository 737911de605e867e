import type { Flavour, FlavourContext } from '../flavour.ts';
import { listClaimValues, pickScopeClaims } from '../flavour.ts';

export const entraTenant = '0a1b2c3d-0000-4000-8000-00000000000a';

/** The client ID of Microsoft Graph, the API of access tokens without another one. */
const graph = '00000003-0000-0000-c000-000000000000';

/** Returns the endpoints of a tenant, or of `organizations`. */
export const createEntraEndpoints = (tenant: string) => ({
  discovery: `https://login.microsoftonline.com/${tenant}/v2.0/.well-known/openid-configuration`,
  jwks: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
  authorization: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/authorize`,
  token: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
  userinfo: 'https://graph.microsoft.com/oidc/userinfo',
  end_session: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/logout`,
  device_authorization: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/devicecode`,
});

/**
 * Microsoft Entra ID with the metadata of one tenant. An API is requested by its scope `api://ID/NAME`.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
export const entra: Flavour = {
  issuer: `https://login.microsoftonline.com/${entraTenant}/v2.0`,
  endpoints: createEntraEndpoints(entraTenant),
  metadata: {
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    frontchannel_logout_supported: true,
  },
  // A refresh does not revoke the previous refresh token:
  // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
  defaults: { accessTokenLifetime: 3599, idTokenLifetime: 3600, refreshTokenGrace: 86_400 },
  // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
  rejectedParameters: {
    resource: {
      error: 'invalid_request',
      description: "AADSTS901002: The 'resource' request parameter is not supported.",
      members: { error_codes: [901002] },
    },
  },
  // https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
  accessTokenHeader: { typ: 'JWT' },
  accessTokenClaims(claims, context) {
    const { client_id: azp, scope, jti, ...others } = claims;
    const apiScopes = context.scopes.flatMap((name) => readApiScope(name) ?? []);
    return {
      ...others,
      aud: apiScopes[0]?.api ?? graph,
      nbf: claims.iat,
      azp,
      azpacr: context.client?.clientSecret === undefined ? '0' : '1',
      scp: apiScopes.map(({ name }) => name).join(' ') || scope,
      uti: jti,
      ver: '2.0',
      ...createIdentityClaims(context),
    };
  },
  // Without `at_hash`: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
  idTokenClaims: (claims, context) => ({
    ...pickScopeClaims(context),
    ...claims,
    at_hash: undefined,
    nbf: claims.iat,
    ver: '2.0',
    ...createIdentityClaims(context),
  }),
  // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
  rejections: {
    refreshToken: {
      description: 'AADSTS70008: The refresh token has expired due to inactivity.',
      members: { error_codes: [70008] },
    },
  },
  // https://learn.microsoft.com/entra/identity-platform/certificate-credentials
  assertionAudience: 'token_endpoint',
};

/** Returns the claims that identify the user and the tenant. `oid` needs the scope `profile`. */
function createIdentityClaims(context: FlavourContext): Readonly<Record<string, unknown>> {
  const { user, scopes } = context;
  return {
    tid: user?.claims?.tid ?? entraTenant,
    ...(scopes.includes('profile') && { oid: user?.claims?.oid ?? user?.sub }),
    roles: listClaimValues(context, 'roles'),
    groups: listClaimValues(context, 'groups'),
  };
}

function readApiScope(scope: string): { readonly api: string; readonly name: string } | undefined {
  const [, api, name] = /^api:\/\/([^/]+)\/(.+)$/.exec(scope) ?? [];
  return api === undefined || name === undefined ? undefined : { api, name };
}
