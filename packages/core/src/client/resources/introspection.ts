import * as oauth from 'oauth4webapi';
import { ValidationError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { createJwtReader } from '../wire/jwt-checks.ts';
import { verifyWithKeys } from '../wire/provider-keys.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { translateError } from '../wire/translate-error.ts';

/** What the provider says of a token, wire names. Only `active` is always there. */
export interface Introspection {
  readonly active: boolean;
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
 * Asks the provider about a token. With `introspectionSignedResponseAlg` the answer is a signed JWT, which is verified.
 *
 * @throws ConfigurationError `unsupported_by_provider` when there is no such endpoint
 * @param token an access token or refresh token
 * @throws ValidationError `introspection_invalid`
 * @throws AuthorizationServerError `endpoint_error` when this client may not ask
 * @throws TransportError when the provider cannot be reached or is not well
 * @see RFC 7662 section 2, RFC 9701 section 5
 */
export async function introspectToken(
  client: Client,
  token: string,
  request: { readonly tokenTypeHint?: 'access_token' | 'refresh_token' } = {},
): Promise<Introspection> {
  return traceOperation(client, 'introspectToken', async () => {
    const { authentication, options } = getClientContext(client);
    const wire = toProtocolClient(client);
    const signed = options.introspectionSignedResponseAlg !== undefined;
    try {
      const metadata = await discover(client);
      const hint = request.tokenTypeHint;
      const response = await oauth.introspectionRequest(metadata, wire, authentication.apply, token, {
        ...createRequestOptions(client),
        ...(hint && { additionalParameters: { token_type_hint: hint } }),
      });
      const type = response.headers.get('content-type')?.split(';')[0];
      const isJwt = type === 'application/token-introspection+jwt';
      // A registered signature that is missing is a downgrade (RFC 9701 section 5).
      if (response.ok && signed && !isJwt) {
        throw new ValidationError(
          'introspection_invalid',
          'signature',
          'The introspection response is not signed.',
        );
      }
      const jwtReader = createJwtReader(client, { code: 'introspection_invalid' });
      if (isJwt) jwtReader.check(await response.clone().text());
      const body = await oauth.processIntrospectionResponse(
        metadata,
        wire,
        response,
        jwtReader.decryptOptions,
      );
      if (isJwt) {
        await verifyWithKeys(client, (as, keys) =>
          oauth.validateApplicationLevelSignature(as, response, keys),
        );
      }
      return body as Introspection;
    } catch (error) {
      throw translateError(error, { code: 'introspection_invalid', check: 'introspection_response' });
    }
  });
}
