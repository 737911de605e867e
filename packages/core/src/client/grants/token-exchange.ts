import { ValidationError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { traceOperation } from '../observability.ts';
import { toSearchParams } from '../wire/request-options.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
import type { TokenResponse } from '../wire/token-response.ts';
import { requestGenericGrant } from './generic-grant.ts';

const tokenType = 'urn:ietf:params:oauth:token-type:';

/**
 * The request of {@link exchangeToken}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.1
 */
export interface TokenExchangeRequest {
  /** A token that represents the subject of the new token. */
  readonly subjectToken: string;
  /** The type of `subjectToken`. Default: `urn:ietf:params:oauth:token-type:access_token`. */
  readonly subjectTokenType?: string;
  /** A token that represents the party that acts for the subject. Default: none, which means impersonation. */
  readonly actorToken?: string;
  /** The type of `actorToken`. Default: `urn:ietf:params:oauth:token-type:access_token`. */
  readonly actorTokenType?: string;
  /** The type of the new token. Default: the provider decides. */
  readonly requestedTokenType?: string;
  /** The APIs that the new token is for, as URIs. */
  readonly resource?: string | readonly string[];
  /** The APIs that the new token is for, as names that the provider defines. */
  readonly audience?: string | readonly string[];
  /** The requested scope, space-separated. Default: the provider decides. */
  readonly scope?: string;
  /** Additional parameters that the provider defines. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** The result of {@link exchangeToken}. `accessToken` contains the issued token, even if it is of another type. */
export interface TokenExchangeResponse extends Omit<TokenResponse, 'tokenType'> {
  /** `N_A` if the issued token is not an access token. */
  readonly tokenType: 'Bearer' | 'DPoP' | 'N_A';
  /** The type of the issued token, for example `urn:ietf:params:oauth:token-type:access_token`. */
  readonly issuedTokenType: string;
}

/**
 * Exchanges a token for another one: with a narrower scope, for another API, or with an actor.
 *
 * @throws ConfigurationError `invalid_option` if a token is not a string
 * @throws AuthorizationServerError `token_error` if the provider rejects the request
 * @throws ValidationError if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
 * @example
 * ```ts
 * import { type Client, exchangeToken } from '@countersign/core';
 *
 * async function getReportsToken(client: Client, subjectToken: string): Promise<string> {
 *   const { accessToken } = await exchangeToken(client, { subjectToken, audience: 'reports', scope: 'reports:read' });
 *   return accessToken;
 * }
 * ```
 */
export async function exchangeToken(
  client: Client,
  request: TokenExchangeRequest,
): Promise<TokenExchangeResponse> {
  return traceOperation(client, 'exchangeToken', async () => {
    const { actorToken, resource, scope } = request;
    checkTokenArgument('"subjectToken" of exchangeToken()', request.subjectToken);
    if (actorToken !== undefined) checkTokenArgument('"actorToken" of exchangeToken()', actorToken);
    const { tokens, body } = await requestGenericGrant(client, {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      parameters: toSearchParams({
        ...request.parameters,
        subject_token: request.subjectToken,
        subject_token_type: request.subjectTokenType ?? `${tokenType}access_token`,
        actor_token: actorToken,
        actor_token_type: actorToken && (request.actorTokenType ?? `${tokenType}access_token`),
        requested_token_type: request.requestedTokenType,
        resource,
        audience: request.audience,
        scope,
      }),
      scope: scope ?? '',
      resource: [resource].flat()[0],
      tokenTypes: ['n_a'],
    });
    const issuedTokenType = body.issued_token_type;
    if (typeof issuedTokenType !== 'string') {
      throw new ValidationError(
        'token_response_invalid',
        'issued_token_type',
        'Token response has no "issued_token_type".',
      );
    }
    const isNoAccessToken = (body.token_type as string) === 'n_a';
    return { ...tokens, tokenType: isNoAccessToken ? 'N_A' : tokens.tokenType, issuedTokenType };
  });
}
