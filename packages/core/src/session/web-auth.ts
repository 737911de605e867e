import { clientSecretBasic, none } from '../client/client-authentication.ts';
import { type Client, createClient } from '../client/create-client.ts';
import { ConfigurationError } from '../errors.ts';
import { createMemoryLock } from '../tokens/refresh-lock.ts';
import { createMemoryReplayStore } from '../tokens/replay-store.ts';
import { createMemorySuccessorStore } from '../tokens/successor.ts';
import { createMemoryTombstoneStore } from './memory-session-store.ts';
import { chooseBaseUrl, fillFromEnvironment, hostOf, type WebAuthOptions } from './web-auth-options.ts';
import { createWebSessions, type WebSessions } from './web-sessions.ts';

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
  const { issuer, clientId, secret, baseUrls, scope, resource, clientSecret, apiOrigins } =
    fillFromEnvironment(options);
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
  const sessions = createWebSessions(client, {
    ...options,
    secret,
    baseUrl: chooseBaseUrl(baseUrls, host),
    tombstones: options.tombstones ?? tombstones,
    replay: options.replay ?? replay,
    refresh: { lock, successors, ...options.refresh },
  });
  return { client, sessions, apiOrigins };
}

/** Hosts remembered at most: anybody can name one. */
const maxHosts = 1_000;

export interface WebAuthResolverOptions {
  /** Believes `X-Forwarded-Host` when a function chooses the options: only behind a proxy that sets it itself. Default: false. */
  readonly trustProxy?: boolean;
  /** What a framework sets where the options say nothing. */
  readonly defaults?: WebAuthOptions;
}

/**
 * Finds, for each request, the client and the sessions of the host that it names; made when a host is first named.
 *
 * @param options one set of options, or a function that gives those of a host
 * @throws ConfigurationError from the returned function: `invalid_option` when no options are known for the host
 */
export function createWebAuthResolver(
  options: WebAuthOptions | ((host: string) => WebAuthOptions | undefined),
  { trustProxy, defaults }: WebAuthResolverOptions = {},
): (headers: Headers) => WebAuth {
  const known = new Map<string, WebAuth>();
  const choose = typeof options === 'function' ? options : () => options;
  const single =
    typeof options !== 'function' && typeof options.baseUrl === 'string' && !options.baseUrl.includes('*');
  const trusts = typeof options === 'function' ? trustProxy : options.trustProxy;
  return (headers) => {
    const host = single ? null : hostOf(headers, trusts);
    const key = host ?? '';
    const found = known.get(key);
    if (found) return found;
    const chosen = choose(host ?? '');
    if (!chosen)
      throw new ConfigurationError('invalid_option', 'No options are known for the host of this request.');
    if (chosen.trustProxy && !trusts) {
      throw new ConfigurationError(
        'invalid_option',
        'The options of a host come too late to say trustProxy. Put it beside the function: createAuth((host) => ..., { trustProxy: true })',
      );
    }
    const made = createWebAuth({ ...defaults, ...chosen }, host);
    if (known.size >= maxHosts) known.clear();
    known.set(key, made);
    return made;
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
