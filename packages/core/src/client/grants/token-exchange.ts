import { ValidationError } from '../../errors.ts';
import type { Client } from '../create-client.ts';
import { requestGrant, toSearchParams } from '../token-endpoint.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import type { TokenResponse } from '../wire/token-response.ts';

const tokenType = 'urn:ietf:params:oauth:token-type:';

/** Which token is given, and what for. @see RFC 8693 section 2.1 */
export interface TokenExchangeRequest {
  /** Whom the new token is about. */
  readonly subjectToken: string;
  /** Default: `urn:ietf:params:oauth:token-type:access_token`. */
  readonly subjectTokenType?: string;
  /** Who acts for the subject: delegation instead of impersonation. */
  readonly actorToken?: string;
  /** Default, with an actor: `urn:ietf:params:oauth:token-type:access_token`. */
  readonly actorTokenType?: string;
  /** Default: the provider decides. */
  readonly requestedTokenType?: string;
  /** The APIs that the token is for, as URIs (RFC 8707). */
  readonly resource?: string | readonly string[];
  /** The same by names that the provider knows. */
  readonly audience?: string | readonly string[];
  /** Space-separated. */
  readonly scope?: string;
  /** Further parameters of the provider's own. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** The issued token is `accessToken`, whatever `issuedTokenType` says that it is. */
export interface TokenExchangeResponse extends Omit<TokenResponse, 'tokenType'> {
  /** `N_A` when the issued token is no access token. */
  readonly tokenType: 'Bearer' | 'DPoP' | 'N_A';
  readonly issuedTokenType: string;
}

/**
 * Exchanges a token for another: for a narrower one, for another API's, or for one that names who acts.
 *
 * @throws AuthorizationServerError `token_error`, ValidationError, TransportError
 * @see RFC 8693 section 2
 */
export async function exchangeToken(
  client: Client,
  request: TokenExchangeRequest,
): Promise<TokenExchangeResponse> {
  return traceOperation(client, 'exchangeToken', async () => {
    const { actorToken, resource, scope } = request;
    const { tokens, body } = await requestGrant(client, {
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
        'The answer does not say which type of token was issued.',
      );
    }
    const isNoAccessToken = (body.token_type as string) === 'n_a';
    return { ...tokens, tokenType: isNoAccessToken ? 'N_A' : tokens.tokenType, issuedTokenType };
  });
}
