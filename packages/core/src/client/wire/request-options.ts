import * as oauth from 'oauth4webapi';
import { fetchBounded, getJsonBody, type HttpOptions } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import { listAcceptedNames } from '../../internal/signatures/algorithm-names.ts';
import type { SignatureAlgorithm } from '../../internal/signatures/signature-algorithms.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { findIdTokenHmac } from './jwt/id-token-hmac.ts';
import type { AuthorizationServerMetadata } from './server-metadata.ts';

/** @see https://www.rfc-editor.org/rfc/rfc8705#section-5 */
function usesMtlsAliases(client: Client): boolean {
  const { authentication, options } = getClientContext(client);
  return authentication.method.endsWith('tls_client_auth') || options.certificateBoundAccessTokens === true;
}

/**
 * Finds the address of an endpoint that the protocol library uses for this client, for messages.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-5
 */
export function findEndpoint(
  client: Client,
  metadata: AuthorizationServerMetadata,
  name: 'token_endpoint' | 'revocation_endpoint',
): string {
  const alias = usesMtlsAliases(client) ? metadata.mtls_endpoint_aliases?.[name] : undefined;
  return alias ?? metadata[name] ?? '';
}

/** The protocol library also accepts a list of names, which its types do not declare. */
function toExpectedAlg(alg: SignatureAlgorithm): string {
  const names: unknown = listAcceptedNames(alg);
  return alg === 'EdDSA' ? (names as string) : alg;
}

/** Converts the client for the protocol library. */
export function toProtocolClient(client: Client): oauth.Client {
  const { options, now, clockTolerance } = getClientContext(client);
  return {
    client_id: client.clientId,
    // The algorithms are those of the registration, never of the token (RFC 8725 section 3.1).
    id_token_signed_response_alg: findIdTokenHmac(client)
      ? 'HS256'
      : toExpectedAlg(options.idTokenSignedResponseAlg ?? 'RS256'),
    authorization_signed_response_alg: toExpectedAlg(options.authorizationSignedResponseAlg ?? 'RS256'),
    ...(options.userinfoSignedResponseAlg && {
      userinfo_signed_response_alg: toExpectedAlg(options.userinfoSignedResponseAlg),
    }),
    ...(options.introspectionSignedResponseAlg && {
      introspection_signed_response_alg: toExpectedAlg(options.introspectionSignedResponseAlg),
    }),
    ...(usesMtlsAliases(client) && { use_mtls_endpoint_aliases: true }),
    [oauth.clockSkew]: Math.round((now() - Date.now()) / 1000),
    [oauth.clockTolerance]: clockTolerance,
  };
}

/**
 * Creates the options of one request of the protocol library. The request is bounded, does not follow redirects, and
 * uses plain http only if the client allows it.
 */
export function createRequestOptions(
  client: Client,
  transform: (init: RequestInit) => RequestInit = (init) => init,
  fetchOptions: Pick<HttpOptions, 'ignoresBody'> = {},
) {
  const { http, options } = getClientContext(client);
  return {
    [oauth.customFetch]: async (url: string, init: unknown) => {
      const request = transform(init as RequestInit);
      const response = await fetchBounded(url, request, { ...http, ...fetchOptions });
      normalizeMediaType(response);
      if (request.method === 'POST') preferErrorBody(response);
      return response;
    },
    [oauth.allowInsecureRequests]: options.allowInsecureIssuer === true,
    headers: createUserAgentHeader(client),
  };
}

/** As {@link createRequestOptions}, with the body encoding of the option `tokenRequestFormat`. */
export function createTokenRequestOptions(client: Client) {
  if (getClientContext(client).options.tokenRequestFormat !== 'json') return createRequestOptions(client);
  return createRequestOptions(client, (request) => {
    const headers = new Headers(request.headers);
    headers.set('content-type', 'application/json');
    return { ...request, headers, body: JSON.stringify(toJsonMembers(request.body as URLSearchParams)) };
  });
}

/** Empty in browsers: they set their own `User-Agent`, and a custom header would cause a preflight request. */
export function createUserAgentHeader(client: Client): Record<string, string> {
  const { userAgent = 'countersign' } = getClientContext(client).options;
  return typeof document === 'undefined' ? { 'user-agent': userAgent } : {};
}

/** The protocol library compares media types exactly, but their case has no meaning (RFC 9110 section 8.3.1). */
function normalizeMediaType({ headers }: Response): void {
  const [mediaType, ...parameters] = headers.get('content-type')?.split(';') ?? [];
  if (mediaType === undefined) return;
  headers.set('content-type', [mediaType.trim().toLowerCase(), ...parameters].join(';'));
}

/**
 * Removes the challenge of a 401 response whose body contains an OAuth error. A 401 for failed client authentication
 * requires a challenge (RFC 6749 section 5.2), and the protocol library would read that instead of the body.
 */
function preferErrorBody(response: Response): void {
  if (response.status !== 401 || !response.headers.has('www-authenticate')) return;
  const body = getJsonBody(response);
  if (isJsonObject(body) && typeof body.error === 'string') response.headers.delete('www-authenticate');
}

/** Converts a repeated parameter to an array, so that no value is lost. */
function toJsonMembers(parameters: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length > 1 ? values : (values[0] as string)];
    }),
  );
}

/** Converts to parameters: omits `undefined`, repeats the name for each value of an array. */
export function toSearchParams(
  entries: Readonly<Record<string, string | readonly string[] | undefined>>,
): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(entries)) {
    for (const each of [value].flat()) if (each !== undefined) parameters.append(name, each);
  }
  return parameters;
}
