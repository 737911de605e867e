import * as oauth from 'oauth4webapi';
import { ConfigurationError, TransportError } from '../../errors.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import { discardBody } from '../../internal/fetch/discard-body.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { createUserAgentHeader, toProtocolClient } from '../wire/request-options.ts';

/** Options of {@link createResourceFetch}. */
export interface ResourceFetchOptions {
  /**
   * The origins that may receive the token, each `https://host[:port]`. A request to another origin is rejected.
   * An origin that is listed with `http:` receives the token unencrypted, even if the issuer uses `https:`: list it
   * only for an API inside a trusted network, such as a cluster.
   */
  readonly origins: readonly string[];
  /**
   * Returns the token of one user or client. Called before each request. After the API rejected the token, `forceRefresh`
   * is true and `rejectedToken` is its value. Pass only `rejectedToken` to a refresh coordinator, so that an API that
   * rejects each token does not cause a refresh of each request.
   */
  readonly getAccessToken: (request: {
    readonly forceRefresh: boolean;
    readonly rejectedToken?: string;
  }) => Promise<{ readonly accessToken: string; readonly tokenType: 'Bearer' | 'DPoP' }>;
}

/**
 * Creates a `fetch` that adds the access token, and a DPoP proof if the token is bound to the client's key.
 * Create one for each user: it stores only the API's nonce and shares no state.
 *
 * If the API rejects the token or requires a nonce, the request is repeated once, unless its body is a stream.
 * Redirects are returned and not followed.
 *
 * @throws ConfigurationError `invalid_option` if an origin is malformed. The returned function throws it if the origin of
 *   the request is not in `origins`.
 * @throws TransportError `network_error`, from the returned function, if the API cannot be reached
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @example
 * ```ts
 * import { type AccessToken, type Client, createResourceFetch } from '@countersign/core';
 *
 * async function getOrders(client: Client, token: AccessToken): Promise<unknown> {
 *   const fetchOrders = createResourceFetch(client, {
 *     origins: ['https://api.example.com'],
 *     getAccessToken: async () => token,
 *   });
 *   const response = await fetchOrders('https://api.example.com/orders');
 *   return response.json();
 * }
 * ```
 */
export function createResourceFetch(
  client: Client,
  options: ResourceFetchOptions,
): (input: string | URL, init?: RequestInit) => Promise<Response> {
  const { http, options: clientOptions } = getClientContext(client);
  const origins = options.origins.map((origin) => parseOrigin(origin));
  const dpop = clientOptions.dpop && oauth.DPoP(toProtocolClient(client), clientOptions.dpop.keyPair);

  async function send(url: URL, init: RequestInit, rejectedToken?: string): Promise<ResourceResponse> {
    const { accessToken, tokenType } = await options.getAccessToken({
      forceRefresh: rejectedToken !== undefined,
      ...(rejectedToken !== undefined && { rejectedToken }),
    });
    if (tokenType === 'DPoP' && !dpop) {
      throw new ConfigurationError(
        'missing_option',
        'The access token is bound to a key. Set dpop in createClient().',
      );
    }
    try {
      const response = await oauth.protectedResourceRequest(
        accessToken,
        init.method ?? 'GET',
        url,
        createHeaders(client, init.headers),
        (init.body ?? null) as oauth.ProtectedResourceRequestBody,
        {
          [oauth.customFetch]: (href: string, request: unknown) =>
            call(http.fetch, href, { ...init, ...(request as RequestInit), redirect: 'manual' }),
          // RFC 6750 section 5.3 requires TLS. The application has listed this origin, including its protocol.
          [oauth.allowInsecureRequests]: true,
          ...(tokenType === 'DPoP' && dpop && { DPoP: dpop }),
          ...(init.signal && { signal: init.signal }),
        },
      );
      return { response, accessToken };
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) {
        return { response: error.response, accessToken, challenge: error };
      }
      throw error;
    }
  }

  async function sendAgain(
    url: URL,
    init: RequestInit,
    previous: { readonly response: Response; readonly rejectedToken?: string },
  ): Promise<ResourceResponse> {
    discardBody(previous.response.body);
    // During one rendering, React returns the previous response to a repeated GET, unless the request has a signal.
    const signal = init.signal ?? new AbortController().signal;
    return send(url, { ...init, signal }, previous.rejectedToken);
  }

  return async (input, init = {}) => {
    const url = new URL(input);
    // An access token is a credential, so it is sent only to the listed origins, which are compared exactly.
    if (!origins.includes(url.origin)) {
      throw new ConfigurationError(
        'invalid_option',
        `The origin "${url.origin}" is not in the option "origins".`,
      );
    }
    let result = await send(url, init);
    if (!isReplayable(init.body)) return result.response;
    // The API requires its nonce in the proof (RFC 9449 section 9).
    if (result.challenge && oauth.isDPoPNonceError(result.challenge)) {
      result = await sendAgain(url, init, { response: result.response });
    }
    if (result.challenge && isInvalidToken(result.challenge)) {
      result = await sendAgain(url, init, {
        response: result.response,
        rejectedToken: result.accessToken,
      });
    }
    return result.response;
  };
}

interface ResourceResponse {
  readonly response: Response;
  /** The token that was sent. */
  readonly accessToken: string;
  readonly challenge?: oauth.WWWAuthenticateChallengeError;
}

const isInvalidToken = ({ status, cause }: oauth.WWWAuthenticateChallengeError) =>
  status === 401 && cause.some(({ parameters }) => parameters.error === 'invalid_token');

const isReplayable = (body: unknown) => !(body instanceof ReadableStream);

/** Removes `Authorization` and `DPoP` of the caller: the protocol library sets them. */
function createHeaders(client: Client, init: HeadersInit | undefined): Headers {
  const headers = new Headers(init);
  for (const [name, value] of Object.entries(createUserAgentHeader(client))) {
    if (!headers.has(name)) headers.set(name, value);
  }
  headers.delete('authorization');
  headers.delete('dpop');
  return headers;
}

async function call(send: Fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await send(url, init);
  } catch (error) {
    if (init.signal?.aborted || error instanceof ConfigurationError) throw error;
    throw new TransportError('network_error', `${new URL(url).origin} could not be reached`);
  }
}

function parseOrigin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isHttp = url && ['https:', 'http:'].includes(url.protocol);
  if (isHttp && url.href === `${url.origin}/` && url.username === '') return url.origin;
  throw new ConfigurationError(
    'invalid_option',
    `"origins" contains "${value}", expected origins such as "https://api.example.com".`,
  );
}
