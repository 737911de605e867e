import { noStore, OAuthError } from '../errors.ts';
import type { ServerState } from '../state.ts';
import { authenticateClient } from '../wire/client-authentication.ts';
import { verifyDpopProof } from '../wire/dpop.ts';

/** @see https://www.rfc-editor.org/rfc/rfc7009#section-2 */
export async function revocation(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  const value = body.get('token') ?? '';
  const jkt = await verifyDpopProof(state, request);
  const refresh = state.refreshTokens.get(value);
  const boundKey = refresh?.grant.clientId === client.clientId ? refresh.binding?.jkt : undefined;
  // Keycloak's policy for FAPI 2 requires it, too.
  if ((client.dpopBoundAccessTokens && jkt === undefined) || (boundKey !== undefined && boundKey !== jkt))
    throw new OAuthError('invalid_dpop_proof', 'a DPoP proof with the key of the token is required');
  if (refresh?.grant.clientId === client.clientId) refresh.grant.isEnded = true;
  const access = state.accessTokens.get(value);
  if (access?.grant.clientId === client.clientId) access.isRevoked = true;
  return new Response(null, { status: 200, headers: noStore });
}
