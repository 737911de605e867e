import { noStore } from '../errors.ts';
import type { ServerState } from '../state.ts';
import { authenticateClient } from '../wire/client-authentication.ts';

/** @see https://www.rfc-editor.org/rfc/rfc7009#section-2 */
export async function revocation(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  const value = body.get('token') ?? '';
  const refresh = state.refreshTokens.get(value);
  if (refresh?.grant.clientId === client.clientId) refresh.grant.isEnded = true;
  const access = state.accessTokens.get(value);
  if (access?.grant.clientId === client.clientId) access.isRevoked = true;
  return new Response(null, { status: 200, headers: noStore });
}
