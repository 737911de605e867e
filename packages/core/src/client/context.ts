import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../errors.ts';
import { type AuthEvent, emit } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import { exchange, type HttpOptions } from '../internal/http.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import type { AuthorizationServerMetadata, Client, ClientOptions } from './create-client.ts';

/** What a client keeps for itself: resolved options and what was fetched from the provider. Never anything of a user. */
export interface Context {
  readonly options: ClientOptions;
  readonly authentication: ClientAuthentication;
  readonly http: HttpOptions;
  readonly now: Clock;
  readonly clockTolerance: number;
  readonly resources: readonly string[];
  readonly scope: string;
  readonly state: {
    metadata?: { readonly value: AuthorizationServerMetadata; readonly fetchedAt: number };
    metadataFlight?: Promise<AuthorizationServerMetadata> | undefined;
    keys?: { readonly jwks: oauth.JWKS; readonly fetchedAt: number };
    keysFlight?: Promise<oauth.JWKS> | undefined;
    /** When an unknown `kid` last caused a fetch. */
    keysForcedAt?: number;
    dpop?: oauth.DPoPHandle;
  };
}

// Beside the client, not inside it: printing or serialising a client must not show a secret.
const contexts = new WeakMap<Client, Context>();

export function registerContext(client: Client, context: Context): void {
  contexts.set(client, context);
}

export function contextOf(client: Client): Context {
  const context = contexts.get(client);
  if (!context)
    throw new ConfigurationError('invalid_option', 'This is not a client made by createClient().');
  return context;
}

/** The client in the words of the protocol library. */
export function wireClient(client: Client): oauth.Client {
  const { options, now, clockTolerance } = contextOf(client);
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
  return contextOf(client).authentication.method.endsWith('tls_client_auth');
}

/** Options of one request of the protocol library: bounded, without redirects, and over http only where allowed. */
export function requestOptions(client: Client) {
  const { http, options } = contextOf(client);
  return {
    [oauth.customFetch]: (url: string, init: unknown) => exchange(url, init as RequestInit, http),
    [oauth.allowInsecureRequests]: options.allowInsecureIssuer === true,
  };
}

/** As {@link requestOptions}, for the token endpoint: with the body encoding that the provider wants. */
export function tokenRequestOptions(client: Client) {
  const { http, options } = contextOf(client);
  if (options.tokenRequestFormat !== 'json') return requestOptions(client);
  return {
    ...requestOptions(client),
    [oauth.customFetch]: (url: string, init: unknown) => {
      const request = init as RequestInit;
      const headers = new Headers(request.headers);
      headers.set('content-type', 'application/json');
      const body = JSON.stringify(Object.fromEntries(request.body as URLSearchParams));
      return exchange(url, { ...request, headers, body }, http);
    },
  };
}

/** Tells the client's listener. */
export function tell(client: Client, event: AuthEvent): void {
  emit(contextOf(client).options.onEvent, event);
}
