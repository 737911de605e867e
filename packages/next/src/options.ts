import {
  type Client,
  type ClientAuthentication,
  type ClientOptions,
  ConfigurationError,
  clientSecretBasic,
  createClient,
  createMemoryLock,
  createMemorySuccessorStore,
  none,
} from '@countersign/core';
import {
  createMemoryReplayStore,
  createMemoryTombstoneStore,
  createWebSessions,
  type WebSessionOptions,
  type WebSessions,
} from '@countersign/core/session';

/** Every option has a default or an environment variable; see {@link createAuth}. */
export interface AuthOptions
  extends Partial<Omit<ClientOptions, 'redirectUri'>>,
    Partial<Omit<WebSessionOptions, 'baseUrl'>> {
  /** Default: `AUTH_CLIENT_SECRET`, sent by HTTP Basic. For another method set `clientAuthentication`. */
  readonly clientSecret?: string;
  /** The application's address as users see it, base path included. Default: `AUTH_BASE_URL`. */
  readonly baseUrl?: string;
  /** Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Client and sessions, made at the first request: a build needs no environment. */
export interface Resolved {
  readonly client: Client;
  readonly sessions: WebSessions;
}

const variables = {
  issuer: 'AUTH_ISSUER',
  clientId: 'AUTH_CLIENT_ID',
  secret: 'AUTH_SECRET',
  baseUrl: 'AUTH_BASE_URL',
} as const;

/** @throws ConfigurationError that names everything that is missing at once */
export function resolveOptions(options: AuthOptions): Resolved {
  const environment = options.environment ?? process.env;
  const read = (name: string) => environment[name]?.trim() || undefined;
  const issuer = options.issuer ?? read(variables.issuer);
  const clientId = options.clientId ?? read(variables.clientId);
  const secret = options.secret ?? read(variables.secret)?.split(/[\s,]+/);
  const baseUrl = options.baseUrl ?? read(variables.baseUrl);
  if (issuer === undefined || clientId === undefined || secret === undefined || baseUrl === undefined) {
    const given = { issuer, clientId, secret, baseUrl };
    const missing = Object.entries(variables).filter(
      ([name]) => given[name as keyof typeof given] === undefined,
    );
    throw new ConfigurationError(
      'missing_option',
      `Login is not set up. Set ${missing.map(([name, variable]) => `${variable} (or createAuth({ ${name} }))`).join(', ')}.`,
    );
  }
  const scope = options.scope ?? read('AUTH_SCOPE') ?? 'openid profile email offline_access';
  const resource = options.resource ?? read('AUTH_RESOURCE')?.split(/\s+/);
  const client = createClient({
    ...options,
    issuer,
    clientId,
    scope,
    ...(resource !== undefined && { resource }),
    clientAuthentication:
      options.clientAuthentication ?? authenticationOf(options.clientSecret ?? read('AUTH_CLIENT_SECRET')),
    // Next patches fetch; nothing of a login may come from or go to its cache.
    fetch: options.fetch ?? ((url, init) => fetch(url, { ...init, cache: 'no-store' })),
  });
  const shared = sharedState(JSON.stringify([issuer, clientId]));
  const sessions = createWebSessions(client, {
    ...options,
    secret,
    baseUrl,
    tombstones: options.tombstones ?? shared.tombstones,
    replay: options.replay ?? shared.replay,
    refresh: { lock: shared.lock, successors: shared.successors, ...options.refresh },
  });
  return { client, sessions };
}

function authenticationOf(clientSecret: string | undefined): ClientAuthentication {
  return clientSecret === undefined ? none() : clientSecretBasic(clientSecret);
}

/**
 * Next loads the same module once for the proxy and once for each layer of the application.
 * What must exist once in the process is kept beside the modules, or two of them would spend one refresh token.
 */
function sharedState(key: string) {
  const holder = globalThis as { [shared]?: Map<string, ReturnType<typeof createSharedState>> };
  holder[shared] ??= new Map();
  const state = holder[shared].get(key) ?? createSharedState();
  holder[shared].set(key, state);
  return state;
}

const shared = Symbol.for('countersign.next');

const createSharedState = () => ({
  lock: createMemoryLock(),
  successors: createMemorySuccessorStore(),
  tombstones: createMemoryTombstoneStore(),
  replay: createMemoryReplayStore(),
});
