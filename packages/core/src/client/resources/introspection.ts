import * as oauth from 'oauth4webapi';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { readIntrospectionResponse } from '../wire/introspection-response.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
import { translateError } from '../wire/translate-error.ts';

/**
 * An introspection response. Member names are those of the response. Only `active` is always present.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
 */
export interface Introspection {
  /** True if the token is valid. */
  readonly active: boolean;
  /** The granted scope, space-separated. */
  readonly scope?: string;
  readonly client_id?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  /** Seconds since the epoch. */
  readonly exp?: number;
  /** Seconds since the epoch. */
  readonly iat?: number;
  readonly [member: string]: unknown;
}

/**
 * Requests the state of a token from the provider. With the option `introspectionSignedResponseAlg`, the response must be
 * a signed JWT, and its signature is verified.
 *
 * @param token an access token or refresh token
 * @param request.tokenTypeHint the type of the token, which may speed up its lookup
 * @throws ConfigurationError `invalid_option` if the token is not a string, `unsupported_by_provider` if the metadata has no
 *   introspection endpoint
 * @throws AuthorizationServerError `endpoint_error` if this client is not allowed to introspect tokens
 * @throws ValidationError `introspection_invalid` if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-5
 * @example
 * ```ts
 * import { type Client, introspectToken } from '@countersign/core';
 *
 * async function isActive(client: Client, accessToken: string): Promise<boolean> {
 *   const { active } = await introspectToken(client, accessToken, { tokenTypeHint: 'access_token' });
 *   return active;
 * }
 * ```
 */
export async function introspectToken(
  client: Client,
  token: string,
  request: { readonly tokenTypeHint?: 'access_token' | 'refresh_token' } = {},
): Promise<Introspection> {
  return traceOperation(client, 'introspectToken', async () => {
    checkTokenArgument('The token of introspectToken()', token);
    const { authentication } = getClientContext(client);
    try {
      const metadata = await discover(client);
      const hint = request.tokenTypeHint;
      const response = await oauth.introspectionRequest(
        metadata,
        toProtocolClient(client),
        authentication.apply,
        token,
        {
          ...createRequestOptions(client),
          ...(hint && { additionalParameters: { token_type_hint: hint } }),
        },
      );
      return (await readIntrospectionResponse(client, metadata, response)) as unknown as Introspection;
    } catch (error) {
      throw translateError(error, { code: 'introspection_invalid', check: 'introspection_response' });
    }
  });
}
