import type { Client } from '../client/client.ts';
import { getClientContext, registerClientContext } from '../client/client-context.ts';
import { createClient } from '../client/create-client.ts';
import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretPost,
} from '../client/wire/client-authentication.ts';
import { ConfigurationError } from '../errors.ts';
import { isInMemory } from '../internal/memory-mark.ts';
import { omitUndefined } from '../internal/omit-undefined.ts';
import type { ProviderPreset } from '../providers/provider.ts';
import { isMemorySessionStore, shareMemorySessions } from './backends/stores/memory-sessions.ts';
import { findClientState } from './client-states.ts';
import { createSessionContext, type SessionContext } from './context.ts';
import { createAddressSelector } from './http/web-hosts.ts';
import { getSharedState, type SharedState, type SharedStores } from './shared-state.ts';
import { checkWebAuthOptions } from './web-auth-option-types.ts';
import { resolveEnvironment, type WebAuthOptions } from './web-auth-options.ts';
import { createSessionsForContext, type WebSessions } from './web-sessions.ts';

/** Client and sessions of one application at one address. */
export interface WebAuth {
  readonly client: Client;
  readonly sessions: WebSessions;
  /** Origins that receive access tokens, see {@link createSessionFetch}. */
  readonly apiOrigins: readonly string[];
}

/**
 * Creates client and sessions from options and environment: `AUTH_PROVIDER`, `AUTH_ISSUER`, `AUTH_CLIENT_ID`,
 * `AUTH_CLIENT_SECRET`, `AUTH_SECRET` (several separated by commas; the first one encrypts), `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`,
 * `AUTH_API_ORIGINS`.
 *
 * @param host the host of the request; it only selects one of the addresses of the option `baseUrl`
 * @throws ConfigurationError that names all missing and invalid options
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { createWebAuth } from '@countersign/core/session';
 *
 * const { sessions } = createWebAuth({ scope: 'openid profile email' }, null);
 *
 * export async function handle(request: Request): Promise<Response> {
 *   return (await sessions.handle(request)) ?? new Response('not found', { status: 404 });
 * }
 * ```
 */
export function createWebAuth(options: WebAuthOptions, host: string | null): WebAuth {
  return createApplication(options)(host);
}

/** Finds the sessions of the address with this host. */
export type Application = (host: string | null) => WebAuth;

/** Properties of the runtime, and defaults of a framework. */
export interface ApplicationSettings {
  /** Defaults for options that are not set. */
  readonly defaults?: WebAuthOptions | undefined;
  /** The runtime does not share its memory with the other parts of the application. Default: false. */
  readonly hasIsolatedMemory?: boolean | undefined;
  /** Identifies the function that returned the options. Its hosts share what they fetch from the provider. */
  readonly resolver?: object | undefined;
}

/**
 * Creates one client, and the sessions of each configured address. Unknown hosts add nothing.
 *
 * @throws ConfigurationError that names all missing and invalid options
 */
export function createApplication(
  ownOptions: WebAuthOptions,
  { defaults, hasIsolatedMemory = false, resolver }: ApplicationSettings = {},
): Application {
  checkWebAuthOptions(ownOptions);
  const options = { ...defaults, ...omitUndefined(ownOptions) };
  const { secret, baseUrls, clientSecret, apiOrigins, ...environment } = resolveEnvironment(options);
  const { issuer, clientId, provider, scope, refreshTokens, resource } = environment;
  if (hasIsolatedMemory) rejectMemoryStore(options);
  const selectAddress = createAddressSelector(baseUrls);
  const { clientSecret: _, ...clientOptions } = options;
  const client = createClient({
    ...clientOptions,
    issuer,
    provider,
    clientId,
    scope,
    refreshTokens,
    ...(resource !== undefined && { resource }),
    clientAuthentication: options.clientAuthentication ?? authenticateWithSecret(clientSecret, provider),
  });
  const state = getSharedState(
    { issuer, clientId, secrets: [secret].flat() },
    { isRecording: hasRecordsInMemory(options) },
  );
  state.sessions = shareMemorySessions(options.store, state.sessions);
  const clientState = findClientState(state.clients, client, resolver);
  registerClientContext(client, { ...getClientContext(client), state: clientState });
  const addresses = new Map<string, { readonly context: SessionContext; readonly webAuth: WebAuth }>();

  return (host) => {
    const { configuredAddress, baseUrl } = selectAddress(host);
    let address = addresses.get(configuredAddress);
    if (!address) {
      const sessionOptions = {
        ...options,
        secret,
        baseUrl,
        tombstones: selectStore(state, 'tombstones', options.tombstones),
        replay: selectStore(state, 'replay', options.replay),
        refresh: {
          ...options.refresh,
          lock: selectStore(state, 'lock', options.refresh?.lock),
          successors: selectStore(state, 'successors', options.refresh?.successors),
        },
      };
      const context = createSessionContext(client, sessionOptions, state);
      address = { context, webAuth: { client, sessions: createSessionsForContext(context), apiOrigins } };
      addresses.set(configuredAddress, address);
    }
    if (configuredAddress === baseUrl) return address.webAuth;
    // A host of a pattern shares protocol and path, and so the names and attributes of cookies, with the pattern.
    const context = { ...address.context, baseUrl: new URL(baseUrl) };
    return { client, sessions: createSessionsForContext(context), apiOrigins };
  };
}

/** The authentication of a client with the secret, as the provider requires it. */
function authenticateWithSecret(
  clientSecret: string | undefined,
  provider: ProviderPreset | undefined,
): ClientAuthentication | undefined {
  if (clientSecret === undefined) return undefined;
  const isPosted = provider?.tokenEndpointAuthMethod === 'client_secret_post';
  return isPosted ? clientSecretPost(clientSecret) : clientSecretBasic(clientSecret);
}

/** Each copy of the application may create a store in memory. All of them use the first one. */
function selectStore<Name extends keyof SharedStores>(
  { stores, givenStores }: SharedState,
  name: Name,
  store: SharedStores[Name] | undefined,
): SharedStores[Name] {
  if (!store) return stores[name];
  if (!isInMemory(store)) return store;
  const firstStore = (givenStores[name] as SharedStores[Name] | undefined) ?? store;
  givenStores[name] = firstStore;
  return firstStore;
}

/** Checks whether the memory of this process has the only records of logouts, used values or sessions. */
function hasRecordsInMemory({ store, tombstones, replay }: WebAuthOptions): boolean {
  const records = [replay, store ?? tombstones];
  return records.some((record) => !record || isInMemory(record)) || isMemorySessionStore(store);
}

/** @throws ConfigurationError if sessions are stored in the memory of the process */
function rejectMemoryStore({ store }: WebAuthOptions): void {
  if (!isMemorySessionStore(store)) return;
  throw new ConfigurationError(
    'invalid_option',
    '"store" is createMemorySessionStore(), but this code runs in the edge runtime, which does not share its memory with the rest of the application. Set runtime: "nodejs" in the config of middleware.ts (or of the route), use a store that all runtimes share, or omit "store" to keep sessions in the cookie.',
  );
}
