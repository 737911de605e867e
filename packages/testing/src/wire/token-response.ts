import { checkResource } from '../endpoints/authorization.ts';
import { OAuthError } from '../errors.ts';
import type { TokenRequest } from '../grants/grant-handler.ts';
import type { Grant, ServerState } from '../state.ts';
import { createFlavourContext } from './flavour-context.ts';
import { accessTokenLifetime, issueAccessToken, issueIdToken } from './tokens.ts';

/** Creates the token response of a grant. */
export async function createTokenResponse(
  state: ServerState,
  grant: Grant,
  request: TokenRequest,
  details: {
    readonly scope: string;
    readonly resource?: string | undefined;
    readonly refreshToken?: string | undefined;
    readonly idToken: 'with_nonce' | 'without_nonce' | 'none';
    readonly actor?: object | undefined;
  },
): Promise<Record<string, unknown>> {
  const { scope, resource } = details;
  const grantType = request.body.get('grant_type') ?? '';
  const context = createFlavourContext(state, grant, { scope, grantType });
  const accessToken = await issueAccessToken(state, grant, {
    scope,
    grantType,
    resource,
    binding: request.binding,
    actor: details.actor,
  });
  const scopes = grant.scope.split(' ').filter(Boolean);
  const isOpenid = state.flavour.issuesIdToken?.(scopes) ?? scopes.includes('openid');
  const response: Record<string, unknown> = {
    access_token: accessToken,
    ...(details.refreshToken !== undefined && { refresh_token: details.refreshToken }),
    ...(details.idToken !== 'none' &&
      isOpenid && {
        id_token: await issueIdToken(state, grant, {
          accessToken,
          withNonce: details.idToken === 'with_nonce',
          grantType,
        }),
      }),
    scope,
    ...(grant.authorizationDetails !== undefined && { authorization_details: grant.authorizationDetails }),
    expires_in: accessTokenLifetime(state),
    token_type: request.binding?.jkt === undefined ? 'Bearer' : 'DPoP',
  };
  const members = Object.entries(state.flavour.tokenResponse?.(response, context) ?? response);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** Selects the resource of the access token, which the grant must include (RFC 8707 section 2.2). */
export function selectResource(state: ServerState, grant: Grant, body: URLSearchParams): string | undefined {
  const requestedResources = body.getAll('resource');
  if (requestedResources.length > 1) throw new OAuthError('invalid_target', 'one resource at a time');
  const [resource] = requestedResources;
  if (resource === undefined) return grant.resources[0];
  checkResource(state, resource);
  if (grant.resources.length > 0 && !grant.resources.includes(resource)) {
    throw new OAuthError('invalid_target', 'the resource was not granted');
  }
  return resource;
}
