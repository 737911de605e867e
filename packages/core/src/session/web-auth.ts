import type { Client } from '../client/client.ts';
import { createClient } from '../client/create-client.ts';
import { clientSecretBasic, none } from '../client/wire/client-authentication.ts';
import { ConfigurationError } from '../errors.ts';
import { createMemoryLock } from '../tokens/refresh-lock.ts';
import { createMemoryReplayStore } from '../tokens/replay-store.ts';
import { createMemorySuccessorStore } from '../tokens/successor.ts';
import { createMemoryTombstoneStore } from './backends/memory-tombstone-store.ts';
import { createHostCache } from './http/host-cache.ts';
import { createAddressChooser, normalizeHost, readHost } from './http/web-hosts.ts';
import { createSessionContext, type SessionContext } from './options.ts';
import { fillFromEnvironment, type WebAuthOptions } from './web-auth-options.ts';
import { createSessionsIn, type WebSessions } from './web-sessions.ts';

/** Client and sessions of one application at one address. */
export interface WebAuth {
  readonly client: Client;
  readonly sessions: WebSessions;
  readonly apiOrigins: readonly string[];
}

/**
 * Client and sessions from options and environment: `AUTH_ISSUER`, `AUTH_CLIENT_ID`, `AUTH_CLIENT_SECRET`,
 * `AUTH_SECRET` (several separated by commas; the first seals), `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`,
 * `AUTH_API_ORIGINS`.
 *
 * @param host the host that the request names; it only chooses among the addresses of the option `baseUrl`
 * @throws ConfigurationError that names everything that is missing or wrong at once
 */
export function createWebAuth(options: WebAuthOptions, host: string | null): WebAuth {
  return createApplication(options)(host);
}

/** One client, and the sessions of each configured address. Whatever hosts are named, nothing else is kept. */
function createApplication(options: WebAuthOptions): (host: string | null) => WebAuth {
  const { issuer, clientId, secret, baseUrls, scope, resource, clientSecret, apiOrigins } =
    fillFromEnvironment(options);
  const choose = createAddressChooser(baseUrls);
  const client = createClient({
    ...options,
    issuer,
    clientId,
    scope,
    ...(resource !== undefined && { resource }),
    clientAuthentication:
      options.clientAuthentication ?? (clientSecret === undefined ? none() : clientSecretBasic(clientSecret)),
  });
  const { lock, successors, tombstones, replay } = sharedState(JSON.stringify([issuer, clientId]));
  const contexts = new Map<string, { readonly context: SessionContext; readonly webAuth: WebAuth }>();

  return (host) => {
    const { configured, baseUrl } = choose(host);
    let known = contexts.get(configured);
    if (!known) {
      const context = createSessionContext(client, {
        ...options,
        secret,
        baseUrl,
        tombstones: options.tombstones ?? tombstones,
        replay: options.replay ?? replay,
        refresh: { lock, successors, ...options.refresh },
      });
      known = { context, webAuth: { client, sessions: createSessionsIn(context), apiOrigins } };
      contexts.set(configured, known);
    }
    if (configured === baseUrl) return known.webAuth;
    // A host of a pattern: protocol, path, and so names and attributes of cookies are those of the pattern.
    const context = { ...known.context, baseUrl: new URL(baseUrl) };
    return { client, sessions: createSessionsIn(context), apiOrigins };
  };
}

export interface WebAuthResolverOptions {
  /** Trusts `X-Forwarded-Host` when a function chooses the options: only behind a proxy that sets it itself. Default: false. */
  readonly trustProxy?: boolean;
  /** What a framework sets where the options say nothing. */
  readonly defaults?: WebAuthOptions;
}

/**
 * Finds, for each request, the client and the sessions of the host that it names.
 *
 * @param options one set of options, or a function that returns those of a host. The function is given the host in its
 *   normal form (lower case, punycode, no default port, no trailing dot; empty when the request names none), and must
 *   return `undefined` for a host that is not the application's: for such a host nothing is created and nothing is kept.
 *   For the others its result is kept, for 1,000 hosts in use and 100 that were named once.
 * @throws ConfigurationError from the returned function: `invalid_option` when no options are known for the host
 */
export function createWebAuthResolver(
  options: WebAuthOptions | ((host: string) => WebAuthOptions | undefined),
  { trustProxy, defaults }: WebAuthResolverOptions = {},
): (headers: Headers) => WebAuth {
  if (typeof options !== 'function') {
    let application: ReturnType<typeof createApplication> | undefined;
    return (headers) => {
      application ??= createApplication({ ...defaults, ...options });
      return application(readHost(headers, options.trustProxy));
    };
  }
  const known = createHostCache<ReturnType<typeof createApplication>>();
  // Hosts for which the function returns the same object share one client.
  const applications = new WeakMap<WebAuthOptions, ReturnType<typeof createApplication>>();
  return (headers) => {
    const host = normalizeHost(readHost(headers, trustProxy)) ?? '';
    const found = known.get(host);
    if (found) return found(host);
    const chosen = options(host);
    if (!chosen)
      throw new ConfigurationError('invalid_option', 'No options are known for the host of this request.');
    if (chosen.trustProxy && !trustProxy) {
      throw new ConfigurationError(
        'invalid_option',
        'The options of a host come too late to say trustProxy. Put it beside the function: createAuth((host) => ..., { trustProxy: true })',
      );
    }
    const application = applications.get(chosen) ?? createApplication({ ...defaults, ...chosen });
    const webAuth = application(host);
    applications.set(chosen, application);
    known.set(host, application);
    return webAuth;
  };
}

/**
 * A framework may load the same module several times: once for its middleware, once for each layer of the application.
 * What must exist once in the process is kept beside the modules, or two of them would spend one refresh token.
 */
function sharedState(key: string) {
  const holder = globalThis as { [shared]?: Map<string, ReturnType<typeof createSharedState>> };
  holder[shared] ??= new Map();
  const state = holder[shared].get(key) ?? createSharedState();
  holder[shared].set(key, state);
  return state;
}

const shared = Symbol.for('countersign.session');

const createSharedState = () => ({
  lock: createMemoryLock(),
  successors: createMemorySuccessorStore(),
  tombstones: createMemoryTombstoneStore(),
  replay: createMemoryReplayStore(),
});
