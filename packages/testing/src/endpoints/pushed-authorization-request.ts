import { checkAuthorizationParameters, openRequestObject } from '../authorization-parameters.ts';
import { getSeconds } from '../clock.ts';
import { json, OAuthError } from '../errors.ts';
import { createRandomId, type ServerState } from '../state.ts';
import { authenticateClient } from '../wire/client-authentication.ts';
import { verifyDpopProof } from '../wire/dpop.ts';

/** @see https://www.rfc-editor.org/rfc/rfc9126#section-2 */
export async function pushedAuthorizationRequest(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  await verifyDpopProof(state, request);
  if (body.has('request_uri')) throw new OAuthError('invalid_request', 'request_uri is not allowed here');
  for (const name of ['client_secret', 'client_assertion', 'client_assertion_type']) body.delete(name);
  const parameters = await openRequestObject(state, client, body);
  checkAuthorizationParameters(state, client, parameters);
  const requestUri = `urn:ietf:params:oauth:request_uri:${createRandomId()}`;
  state.pushedRequests.set(requestUri, { parameters, expiresAt: getSeconds(state.clock) + 60 });
  return json({ request_uri: requestUri, expires_in: 60 }, 201);
}
