import { AuthorizationServerError } from '../../errors.ts';
import { getJsonBody, setJsonBody } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import {
  describeResponse,
  findTokenError,
  type TokenErrorResponse,
} from '../../protocol/tokens/refresh-rejection.ts';
import { normalizeTokenResponse, parseTokenEndpointBody } from '../../protocol/tokens/token-endpoint-body.ts';

/** A successful response of the token endpoint. */
export interface ReceivedTokens {
  /** The normalized members. */
  readonly body: JsonObject;
  /** Creates a response for the protocol library, which reads a response once. */
  readonly createResponse: (body: JsonObject) => Response;
}

/** Creates the error for an error response. @param endpoint the address of the token endpoint, for the message */
export type CreateTokenError = (response: TokenErrorResponse, endpoint: string) => Error;

/**
 * Reads a response of the token endpoint. The content decides whether it is an error, not the content type.
 *
 * @param endpoint the address of the token endpoint, for messages
 * @param createError creates the error for an error response. Default: an AuthorizationServerError `token_error`.
 * @returns the members, or the response itself if the protocol library must read it: it contains no object, or it requests
 *   a DPoP nonce
 */
export async function readTokenResponse(
  response: Response,
  endpoint: string,
  createError: CreateTokenError = createTokenError,
): Promise<ReceivedTokens | Response> {
  const body = await readBody(response);
  const { status, headers } = response;
  const error = findTokenError(status, body, headers.get('www-authenticate'));
  if (error && error.error !== 'use_dpop_nonce') throw createError(error, endpoint);
  if (error || !body) return response;
  const createResponse = (members: JsonObject) =>
    setJsonBody(new Response(null, { headers: { 'content-type': 'application/json' } }), members);
  return { body: normalizeTokenResponse(body), createResponse };
}

async function readBody(response: Response): Promise<JsonObject | undefined> {
  const json = getJsonBody(response);
  if (json !== undefined) return isJsonObject(json) ? json : undefined;
  return parseTokenEndpointBody(await response.clone().text(), response.status);
}

const createTokenError: CreateTokenError = (response, endpoint) =>
  new AuthorizationServerError(
    'token_error',
    `POST ${endpoint.split('?')[0]} was rejected with ${describeResponse(response)}`,
    response,
  );
