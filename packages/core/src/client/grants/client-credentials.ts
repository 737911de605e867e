import { ConfigurationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { toSearchParams } from '../wire/request-options.ts';
import type { TokenResponse } from '../wire/token-response.ts';
import { requestGenericGrant } from './generic-grant.ts';

/** Options of {@link requestClientCredentials}. */
export interface ClientCredentialsRequest {
  /** The requested scope, space-separated. Default: the provider decides. */
  readonly scope?: string;
  /**
   * The resource indicator of the API that the token is for. Default: the provider decides.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   */
  readonly resource?: string;
  /** Additional parameters, for example `audience` of Auth0. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Requests an access token for the client itself, without a user. The token is not cached.
 *
 * @throws ConfigurationError `invalid_option` if the client is public
 * @throws AuthorizationServerError `token_error` if the provider rejects the request
 * @throws ValidationError if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * import { clientSecretBasic, createClient, requestClientCredentials } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'worker',
 *   clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 * });
 * const { accessToken } = await requestClientCredentials(client, { scope: 'reports:read' });
 * ```
 */
export async function requestClientCredentials(
  client: Client,
  request: ClientCredentialsRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'requestClientCredentials', async () => {
    if (getClientContext(client).authentication.method === 'none') {
      throw new ConfigurationError(
        'invalid_option',
        'A public client cannot use client credentials. Set clientAuthentication in createClient().',
      );
    }
    const { scope, resource, parameters } = request;
    const { tokens } = await requestGenericGrant(client, {
      grantType: 'client_credentials',
      parameters: toSearchParams({ ...parameters, scope, resource }),
      scope: scope ?? '',
      resource,
    });
    return tokens;
  });
}

/** A cache of access tokens of the client itself. */
export interface ClientCredentialsTokens {
  /**
   * Returns a valid token, from the cache if possible. Set `forceRefresh` if an API rejected the cached token.
   *
   * @throws the errors of {@link requestClientCredentials}
   */
  getAccessToken(
    request?: ClientCredentialsRequest & { readonly forceRefresh?: boolean },
  ): Promise<TokenResponse>;
}

/** Maximum count of cached tokens. The oldest is evicted first. */
const maxTokens = 100;

/**
 * Creates a cache for client-credentials tokens. Tokens are refreshed shortly before they expire. Concurrent callers share
 * one request. Errors are not cached.
 *
 * @param options.leeway Seconds before expiry at which a token is refreshed, at most half of its lifetime. Default: 30.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * import { type Client, createClientCredentialsTokens } from '@countersign/core';
 *
 * function createReports(client: Client) {
 *   const tokens = createClientCredentialsTokens(client);
 *   return async () => {
 *     const { accessToken } = await tokens.getAccessToken({ scope: 'reports:read' });
 *     return fetch('https://api.example.com/reports', { headers: { authorization: `Bearer ${accessToken}` } });
 *   };
 * }
 * ```
 */
export function createClientCredentialsTokens(
  client: Client,
  options: { readonly leeway?: number } = {},
): ClientCredentialsTokens {
  const { now } = getClientContext(client);
  const leeway = options.leeway ?? 30;
  const cache = new Map<string, { readonly tokens: TokenResponse; readonly refreshAt: number }>();
  const flight = createSingleFlight<TokenResponse>();
  return {
    getAccessToken({ forceRefresh = false, ...request } = {}) {
      const { scope = '', resource = '', parameters = {} } = request;
      const key = JSON.stringify([scope, resource, Object.entries(parameters).sort()]);
      const cachedToken = cache.get(key);
      if (cachedToken && !forceRefresh && seconds(now) < cachedToken.refreshAt)
        return Promise.resolve(cachedToken.tokens);
      return flight(key, async () => {
        const tokens = await requestClientCredentials(client, request);
        const time = seconds(now);
        // A token without a known expiry is used until an API rejects it.
        const lifetime = tokens.expiresAt === undefined ? Number.POSITIVE_INFINITY : tokens.expiresAt - time;
        cache.delete(key);
        cache.set(key, { tokens, refreshAt: time + lifetime - Math.min(leeway, lifetime / 2) });
        for (const oldest of cache.keys()) {
          if (cache.size <= maxTokens) break;
          cache.delete(oldest);
        }
        return tokens;
      });
    },
  };
}
