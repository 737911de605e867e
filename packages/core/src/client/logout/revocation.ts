import * as oauth from 'oauth4webapi';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { translateError } from '../wire/translate-error.ts';

/**
 * Revokes a token at the provider; revoking a refresh token also ends the tokens that came from it, where supported.
 * A token that the provider does not know counts as revoked.
 *
 * @param token an access token or refresh token
 * @throws ConfigurationError `unsupported_by_provider` when there is no revocation endpoint
 * @throws AuthorizationServerError `endpoint_error`, for example `unsupported_token_type`
 * @throws TransportError when the provider cannot be reached or is not well: the token may be in use still
 * @see RFC 7009 section 2
 */
export async function revokeToken(
  client: Client,
  token: string,
  options: { readonly tokenTypeHint?: 'access_token' | 'refresh_token' } = {},
): Promise<void> {
  return traceOperation(client, 'revokeToken', async () => {
    const { authentication } = getClientContext(client);
    try {
      const metadata = await discover(client);
      const response = await oauth.revocationRequest(
        metadata,
        toProtocolClient(client),
        authentication.apply,
        token,
        {
          ...createRequestOptions(client),
          ...(options.tokenTypeHint && { additionalParameters: { token_type_hint: options.tokenTypeHint } }),
        },
      );
      await oauth.processRevocationResponse(response);
    } catch (error) {
      throw translateError(error, { code: 'response_malformed', check: 'revocation_response' });
    }
  });
}
