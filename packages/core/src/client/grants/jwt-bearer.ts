import type { Client } from '../client.ts';
import { traceOperation } from '../observability.ts';
import { toSearchParams } from '../wire/request-options.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
import type { TokenResponse } from '../wire/token-response.ts';
import { requestGenericGrant } from './generic-grant.ts';

/** Options of {@link exchangeAssertion}. */
export interface JwtBearerRequest {
  /** The requested scope, space-separated. Default: the provider decides. */
  readonly scope?: string;
  /**
   * The resource indicator of the API that the token is for. Default: the provider decides.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   */
  readonly resource?: string;
  /** Additional parameters that the provider defines. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Exchanges a signed assertion about a subject for an access token. The assertion is a secret until it expires.
 *
 * @param assertion a JWT that the provider trusts
 * @throws ConfigurationError `invalid_option` if the assertion is not a string
 * @throws AuthorizationServerError `token_error` if the provider rejects the assertion
 * @throws ValidationError if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 * @example
 * ```ts
 * import { type Client, exchangeAssertion } from '@countersign/core';
 *
 * async function getReportsToken(client: Client, assertion: string): Promise<string> {
 *   const { accessToken } = await exchangeAssertion(client, assertion, { scope: 'reports:read' });
 *   return accessToken;
 * }
 * ```
 */
export async function exchangeAssertion(
  client: Client,
  assertion: string,
  request: JwtBearerRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'exchangeAssertion', async () => {
    checkTokenArgument('The assertion of exchangeAssertion()', assertion);
    const { scope, resource, parameters } = request;
    const { tokens } = await requestGenericGrant(client, {
      grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      parameters: toSearchParams({ ...parameters, assertion, scope, resource }),
      scope: scope ?? '',
      resource,
    });
    return tokens;
  });
}
