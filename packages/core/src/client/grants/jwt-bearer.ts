import type { Client } from '../create-client.ts';
import { requestGrant, toSearchParams } from '../token-endpoint.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import type { TokenResponse } from '../wire/token-response.ts';

/** What the access token is asked for. */
export interface JwtBearerRequest {
  /** Space-separated. Default: what the provider gives. */
  readonly scope?: string;
  /** The API that the token is for (RFC 8707). */
  readonly resource?: string;
  /** Further parameters of the provider's own. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Exchanges a signed assertion about a subject for an access token. The assertion is a secret while it lasts.
 *
 * @throws AuthorizationServerError `token_error`, ValidationError, TransportError
 * @see RFC 7523 section 2.1
 */
export async function exchangeAssertion(
  client: Client,
  assertion: string,
  request: JwtBearerRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'exchangeAssertion', async () => {
    const { scope, resource, parameters } = request;
    const { tokens } = await requestGrant(client, {
      grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      parameters: toSearchParams({ ...parameters, assertion, scope, resource }),
      scope: scope ?? '',
      resource,
    });
    return tokens;
  });
}
