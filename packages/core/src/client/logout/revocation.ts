import * as oauth from 'oauth4webapi';
import { AuthorizationServerError } from '../../errors.ts';
import { getJsonBody } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import {
  describeResponse,
  findTokenError,
  type TokenErrorResponse,
} from '../../protocol/tokens/refresh-rejection.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { getDpopHandle } from '../wire/dpop.ts';
import {
  createRequestOptions,
  findEndpoint,
  toProtocolClient,
  toSearchParams,
} from '../wire/request-options.ts';
import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
import { createMissingEndpointError, translateError } from '../wire/translate-error.ts';

/**
 * Revokes a token at the provider. Revoking a refresh token also revokes its access tokens, if the provider supports it.
 * A token that the provider does not know counts as revoked.
 *
 * @param token an access token or refresh token
 * @param options.tokenTypeHint the type of the token, which may speed up its lookup
 * @throws ConfigurationError `invalid_option` if the token is not a string, `unsupported_by_provider` if the metadata has no
 *   revocation endpoint
 * @throws AuthorizationServerError `endpoint_error`, for example with the error `unsupported_token_type`
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable. The token may still be valid.
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
 * @example
 * ```ts
 * import { type Client, revokeToken } from '@countersign/core';
 *
 * async function revokeLogin(client: Client, refreshToken: string): Promise<void> {
 *   await revokeToken(client, refreshToken, { tokenTypeHint: 'refresh_token' });
 * }
 * ```
 */
export async function revokeToken(
  client: Client,
  token: string,
  options: { readonly tokenTypeHint?: 'access_token' | 'refresh_token' } = {},
): Promise<void> {
  return traceOperation(client, 'revokeToken', async () => {
    checkTokenArgument('The token of revokeToken()', token);
    try {
      const metadata = await discover(client);
      const endpoint = findEndpoint(client, metadata, 'revocation_endpoint');
      if (endpoint === '') throw createMissingEndpointError('revocation_endpoint');
      const parameters = toSearchParams({ token, token_type_hint: options.tokenTypeHint });
      const send = () => sendRevocation(client, { metadata, endpoint, parameters });
      let response = await send();
      if (getDpopHandle(client) && requestsDpopNonce(response)) response = await send();
      if (!response.ok) throw createRejection(response, endpoint);
    } catch (error) {
      throw translateError(error, { code: 'response_malformed', check: 'revocation_response' });
    }
  });
}

interface RevocationRequest {
  readonly metadata: AuthorizationServerMetadata;
  readonly endpoint: string;
  readonly parameters: URLSearchParams;
}

/** Sends a revocation request, with a DPoP proof if the client has a key: some providers require it for bound tokens. */
function sendRevocation(
  client: Client,
  { metadata, endpoint, parameters }: RevocationRequest,
): Promise<Response> {
  const protocolClient = toProtocolClient(client);
  const authenticate = getClientContext(client).authentication.apply;
  // The body of a successful response has no meaning (RFC 7009 section 2.2).
  const options = createRequestOptions(client, undefined, { ignoresBody: true });
  const { token = '', ...additionalParameters } = Object.fromEntries(parameters);
  const DPoP = getDpopHandle(client);
  if (!DPoP)
    return oauth.revocationRequest(metadata, protocolClient, authenticate, token, {
      ...options,
      additionalParameters,
    });
  // The protocol library creates no proof for this endpoint, so its function for another endpoint sends the request.
  const address = { pushed_authorization_request_endpoint: endpoint, mtls_endpoint_aliases: {} };
  return oauth.pushedAuthorizationRequest(
    { ...metadata, ...address },
    protocolClient,
    authenticate,
    parameters,
    { ...options, DPoP },
  );
}

/** @see https://www.rfc-editor.org/rfc/rfc9449#section-8 */
function requestsDpopNonce(response: Response): boolean {
  const body = getJsonBody(response);
  return response.status === 400 && isJsonObject(body) && body.error === 'use_dpop_nonce';
}

/** Creates the error for an error response. Some providers respond without an OAuth error, for example with a page. */
function createRejection(response: Response, endpoint: string): AuthorizationServerError {
  const { status, headers } = response;
  const body = getJsonBody(response);
  // The status is not successful, so there is always a result.
  const details = findTokenError(
    status,
    isJsonObject(body) ? body : undefined,
    headers.get('www-authenticate'),
  ) as TokenErrorResponse;
  const message = `POST ${endpoint.split('?')[0]} was rejected with ${describeResponse(details)}`;
  return new AuthorizationServerError('endpoint_error', message, details);
}
