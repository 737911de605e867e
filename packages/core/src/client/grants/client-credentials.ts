import { ConfigurationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import { getClientContext } from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { requestGrant, toSearchParams } from '../token-endpoint.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import type { TokenResponse } from '../wire/token-response.ts';

/** What a token without a user is asked for. */
export interface ClientCredentialsRequest {
  /** Space-separated. Default: what the provider gives. */
  readonly scope?: string;
  /** The API that the token is for (RFC 8707). */
  readonly resource?: string;
  /** Further parameters, for example Auth0's `audience`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Asks for an access token of the client's own: no user is concerned.
 *
 * @throws ConfigurationError for a public client
 * @throws AuthorizationServerError `token_error`, ValidationError, TransportError
 * @see RFC 6749 section 4.4
 */
export async function requestClientCredentials(
  client: Client,
  request: ClientCredentialsRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'requestClientCredentials', async () => {
    if (getClientContext(client).authentication.method === 'none') {
      throw new ConfigurationError(
        'invalid_option',
        'Client credentials need a client that authenticates: give clientAuthentication to createClient().',
      );
    }
    const { scope, resource, parameters } = request;
    const { tokens } = await requestGrant(client, {
      grantType: 'client_credentials',
      parameters: toSearchParams({ ...parameters, scope, resource }),
      scope: scope ?? '',
      resource,
    });
    return tokens;
  });
}

/** Gives out access tokens of the client's own. */
export interface ClientCredentialsTokens {
  /** A valid token, from the cache when it lasts; `forceRefresh` when an API has refused the cached one. */
  getAccessToken(
    request?: ClientCredentialsRequest & { readonly forceRefresh?: boolean },
  ): Promise<TokenResponse>;
}

/** Tokens kept per source at most; the oldest go first. */
const maxTokens = 100;

/**
 * Keeps client-credentials tokens until shortly before their end; callers that wait share one request.
 *
 * @param options.leeway seconds before its end at which a token is renewed, never more than half of its life; default 30
 * @throws what {@link requestClientCredentials} throws, from `getAccessToken`; a failure is not kept
 * @see RFC 6749 section 4.4
 */
export function createClientCredentialsTokens(
  client: Client,
  options: { readonly leeway?: number } = {},
): ClientCredentialsTokens {
  const { now } = getClientContext(client);
  const leeway = options.leeway ?? 30;
  const kept = new Map<string, { readonly tokens: TokenResponse; readonly until: number }>();
  const flight = createSingleFlight<TokenResponse>();
  return {
    getAccessToken({ forceRefresh = false, ...request } = {}) {
      const { scope = '', resource = '', parameters = {} } = request;
      const key = JSON.stringify([scope, resource, Object.entries(parameters).sort()]);
      const known = kept.get(key);
      if (known && !forceRefresh && seconds(now) < known.until) return Promise.resolve(known.tokens);
      return flight(key, async () => {
        const tokens = await requestClientCredentials(client, request);
        const time = seconds(now);
        // Without a known end a token serves until an API refuses it.
        const life = tokens.expiresAt === undefined ? Number.POSITIVE_INFINITY : tokens.expiresAt - time;
        kept.delete(key);
        kept.set(key, { tokens, until: time + life - Math.min(leeway, life / 2) });
        for (const oldest of kept.keys()) {
          if (kept.size <= maxTokens) break;
          kept.delete(oldest);
        }
        return tokens;
      });
    },
  };
}
