import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../errors.ts';
import { type AuthEvent, callListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import { fetchBounded, getJsonBody, type HttpOptions } from '../internal/http.ts';
import { isJsonObject } from '../internal/json/json.ts';
import type { TokenBucket } from '../internal/token-bucket.ts';
import type { AuthorizationServerMetadata, Client, ClientOptions } from './create-client.ts';
import type { ClientAuthentication } from './wire/client-authentication.ts';

/** What a client keeps for itself: resolved options and what was fetched from the provider. Never anything of a user. */
export interface ClientContext {
  readonly options: ClientOptions;
  /** The static metadata of the options, with the types that its readers rely on. */
  readonly metadata?: AuthorizationServerMetadata;
  readonly authentication: ClientAuthentication;
  readonly http: HttpOptions;
  readonly now: Clock;
  readonly clockTolerance: number;
  readonly resources: readonly string[];
  readonly scope: string;
  readonly state: {
    metadata?: { readonly value: AuthorizationServerMetadata; readonly fetchedAt: number };
    metadataFlight?: Promise<AuthorizationServerMetadata> | undefined;
    keys?: KnownKeys;
    keysFlight?: Promise<KnownKeys> | undefined;
    /** How many fetches of keys have begun. */
    keyFetches?: number;
    keysFailedAt?: number;
    /** How many fetches unknown keys may cause. */
    keyBudgets?: Readonly<Record<'provider' | 'browser' | 'anyone', TokenBucket>>;
    /** The last failure of each request that is paced. */
    failures?: Readonly<Partial<Record<PausedRequest, Failure>>>;
    dpop?: oauth.DPoPHandle;
  };
}

/** Requests to the provider that pause after a failure, each for itself. */
export type PausedRequest = 'discovery' | 'keysForStrangers';

/** A request to the provider that failed. */
interface Failure {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly error: unknown;
}

/** The provider's keys as they were fetched. */
export interface KnownKeys {
  readonly jwks: oauth.JWKS;
  readonly fetchedAt: number;
  /** Which fetch they are from; the first one is 1. */
  readonly fetch: number;
}

// Beside the client, not inside it: printing or serialising a client must not show a secret.
const contexts = new WeakMap<Client, ClientContext>();

export function registerContext(client: Client, context: ClientContext): void {
  contexts.set(client, context);
}

export function getClientContext(client: Client): ClientContext {
  const context = contexts.get(client);
  if (!context)
    throw new ConfigurationError('invalid_option', 'This is not a client made by createClient().');
  return context;
}

/** The client in the words of the protocol library. */
export function toProtocolClient(client: Client): oauth.Client {
  const { options, now, clockTolerance } = getClientContext(client);
  return {
    client_id: client.clientId,
    // From the registration, never from the token (RFC 8725 section 3.1).
    id_token_signed_response_alg: options.idTokenSignedResponseAlg ?? 'RS256',
    authorization_signed_response_alg: options.authorizationSignedResponseAlg ?? 'RS256',
    ...(options.userinfoSignedResponseAlg && {
      userinfo_signed_response_alg: options.userinfoSignedResponseAlg,
    }),
    ...(options.introspectionSignedResponseAlg && {
      introspection_signed_response_alg: options.introspectionSignedResponseAlg,
    }),
    ...(mutualTls(client) && { use_mtls_endpoint_aliases: true }),
    [oauth.clockSkew]: Math.round((now() - Date.now()) / 1000),
    [oauth.clockTolerance]: clockTolerance,
  };
}

function mutualTls(client: Client): boolean {
  return getClientContext(client).authentication.method.endsWith('tls_client_auth');
}

/** Options of one request of the protocol library: bounded, without redirects, and over http only where allowed. */
export function createRequestOptions(
  client: Client,
  change: (init: RequestInit) => RequestInit = (init) => init,
) {
  const { http, options } = getClientContext(client);
  return {
    [oauth.customFetch]: async (url: string, init: unknown) => {
      const request = change(init as RequestInit);
      const response = await fetchBounded(url, request, http);
      if (request.method === 'POST') preferBody(response);
      return response;
    },
    [oauth.allowInsecureRequests]: options.allowInsecureIssuer === true,
    headers: createUserAgentHeader(client),
  };
}

/** A browser names itself, and a header of ours would cost a preflight request. */
export function createUserAgentHeader(client: Client): Record<string, string> {
  const { userAgent = 'countersign' } = getClientContext(client).options;
  return typeof document === 'undefined' ? { 'user-agent': userAgent } : {};
}

/**
 * An error in the body says more than the challenge beside it, which a 401 to a client's credentials must have
 * (RFC 6749 section 5.2); the protocol library would stop at the challenge.
 */
function preferBody(response: Response): void {
  if (response.status !== 401 || !response.headers.has('www-authenticate')) return;
  const body = getJsonBody(response);
  if (isJsonObject(body) && typeof body.error === 'string') response.headers.delete('www-authenticate');
}

/** As {@link createRequestOptions}, for the token endpoint: with the body encoding that the provider wants. */
export function createTokenRequestOptions(client: Client) {
  if (getClientContext(client).options.tokenRequestFormat !== 'json') return createRequestOptions(client);
  return createRequestOptions(client, (request) => {
    const headers = new Headers(request.headers);
    headers.set('content-type', 'application/json');
    return { ...request, headers, body: JSON.stringify(toJsonMembers(request.body as URLSearchParams)) };
  });
}

/** A parameter that is given several times is a list: none of them may get lost on the way to JSON. */
function toJsonMembers(parameters: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length > 1 ? values : (values[0] as string)];
    }),
  );
}

/** Tells the client's listener. */
export function emitEvent(client: Client, event: AuthEvent): void {
  callListener(getClientContext(client).options.onEvent, event);
}
