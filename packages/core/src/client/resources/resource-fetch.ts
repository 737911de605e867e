import * as oauth from 'oauth4webapi';
import { ConfigurationError, TransportError, ValidationError } from '../../errors.ts';
import { discardBody } from '../../internal/discard-body.ts';
import type { Fetch } from '../../internal/http.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { createUserAgentHeader, toProtocolClient } from '../wire/request-options.ts';

/** Where the token may go, and where it comes from. */
export interface ResourceFetchOptions {
  /** Origins that are sent the token, each `https://host[:port]`. A request to any other is refused. */
  readonly origins: readonly string[];
  /**
   * The token of the one user (or client) that this fetch is for; asked before every request.
   * `forceRefresh` is set when the API has refused the token.
   */
  readonly getAccessToken: (request: {
    readonly forceRefresh: boolean;
  }) => Promise<{ readonly accessToken: string; readonly tokenType: 'Bearer' | 'DPoP' }>;
}

/**
 * A `fetch` for an API that adds the access token, and a DPoP proof where the token is bound to the client's key.
 * Create one for each user: it keeps nothing but the API's nonce, and shares nothing.
 * When the API refuses the token, or wants its nonce, a request whose body can be sent again is made once more.
 * Redirects are handed back, never followed.
 *
 * @throws ConfigurationError from the returned function when the URL's origin is not listed
 * @see RFC 6750 section 2.1, RFC 9449 section 7
 */
export function createResourceFetch(
  client: Client,
  options: ResourceFetchOptions,
): (input: string | URL, init?: RequestInit) => Promise<Response> {
  const { http, options: clientOptions } = getClientContext(client);
  const origins = options.origins.map((origin) => originOf(origin));
  const dpop = clientOptions.dpop && oauth.DPoP(toProtocolClient(client), clientOptions.dpop.keyPair);

  async function send(url: URL, init: RequestInit, forceRefresh: boolean): Promise<Sent> {
    const { accessToken, tokenType } = await options.getAccessToken({ forceRefresh });
    if (tokenType === 'DPoP' && !dpop) {
      throw new ConfigurationError(
        'missing_option',
        'The token is bound to a key: give dpop to createClient().',
      );
    }
    try {
      const response = await oauth.protectedResourceRequest(
        accessToken,
        init.method ?? 'GET',
        url,
        headersOf(client, init.headers),
        (init.body ?? null) as oauth.ProtectedResourceRequestBody,
        {
          [oauth.customFetch]: (href: string, request: unknown) =>
            call(http.fetch, href, { ...init, ...(request as RequestInit), redirect: 'manual' }),
          [oauth.allowInsecureRequests]: clientOptions.allowInsecureIssuer === true,
          ...(tokenType === 'DPoP' && dpop && { DPoP: dpop }),
          ...(init.signal && { signal: init.signal }),
        },
      );
      return { response };
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError)
        return { response: error.response, refusal: error };
      if (error instanceof oauth.OperationProcessingError) {
        throw new ValidationError('request_invalid', 'url', 'The API must be called over https.');
      }
      throw error;
    }
  }

  return async (input, init = {}) => {
    const url = new URL(input);
    // The token is worth as much as a password: it goes nowhere but where it was meant to go, compared exactly.
    if (!origins.includes(url.origin)) {
      throw new ConfigurationError('invalid_option', `${url.origin} is not among the origins of this fetch.`);
    }
    let sent = await send(url, init, false);
    if (!isReplayable(init.body)) return sent.response;
    // The API wants its nonce in the proof: once more with it (RFC 9449 section 9).
    if (sent.refusal && oauth.isDPoPNonceError(sent.refusal)) sent = await again(url, init, false, sent);
    if (sent.refusal && isInvalidToken(sent.refusal)) sent = await again(url, init, true, sent);
    return sent.response;
  };

  async function again(url: URL, init: RequestInit, forceRefresh: boolean, before: Sent): Promise<Sent> {
    discardBody(before.response.body);
    // React answers a repeated GET of one rendering from memory, here with the refusal, unless it has a signal.
    return send(url, { ...init, signal: init.signal ?? new AbortController().signal }, forceRefresh);
  }
}

interface Sent {
  readonly response: Response;
  readonly refusal?: oauth.WWWAuthenticateChallengeError;
}

const isInvalidToken = ({ status, cause }: oauth.WWWAuthenticateChallengeError) =>
  status === 401 && cause.some(({ parameters }) => parameters.error === 'invalid_token');

const isReplayable = (body: unknown) => !(body instanceof ReadableStream);

/** Authorization and proof are this function's own: another's must not go along. */
function headersOf(client: Client, init: HeadersInit | undefined): Headers {
  const headers = new Headers(init);
  for (const [name, value] of Object.entries(createUserAgentHeader(client)))
    if (!headers.has(name)) headers.set(name, value);
  headers.delete('authorization');
  headers.delete('dpop');
  return headers;
}

async function call(send: Fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await send(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new TransportError('network_error', `${new URL(url).origin} could not be reached`);
  }
}

function originOf(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && url.origin !== 'null' && url.href === `${url.origin}/` && url.username === '') return url.origin;
  throw new ConfigurationError('invalid_option', `An origin is "https://host", got "${value}".`);
}
