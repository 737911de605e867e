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
  /**
   * The application's address as users see it, base path included. Default: `AUTH_BASE_URL`.
   * Of a list, the one with the request's host is taken, otherwise the first; `https://*.preview.example`
   * stands for any name in its place.
   */
  readonly baseUrl?: string | readonly string[];
  /** Origins that `auth.fetch` sends the token to. Default: `AUTH_API_ORIGINS`. */
  readonly apiOrigins?: readonly string[];
  /** Believes `X-Forwarded-Host`: only behind a proxy that sets it itself. Default: false. */
  readonly trustProxy?: boolean;
  /** Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Client and sessions, made at the first request: a build needs no environment. */
export interface Resolved {
  readonly client: Client;
  readonly sessions: WebSessions;
  readonly apiOrigins: readonly string[];
}

const required = {
  issuer: 'AUTH_ISSUER',
  clientId: 'AUTH_CLIENT_ID',
  secret: 'AUTH_SECRET',
  baseUrl: 'AUTH_BASE_URL',
} as const;

/**
 * @param host the host that the request names; it only chooses among the addresses of the list
 * @throws ConfigurationError that names everything that is missing at once
 */
export function resolveOptions(options: AuthOptions, host: string | null): Resolved {
  const environment = options.environment ?? process.env;
  const read = (name: string) => environment[name]?.trim() || undefined;
  const list = (name: string) => read(name)?.split(/[\s,]+/);
  const given = {
    issuer: options.issuer ?? read(required.issuer),
    clientId: options.clientId ?? read(required.clientId),
    secret: options.secret ?? read(required.secret)?.split(/\s*,\s*/),
    baseUrl: options.baseUrl ?? list(required.baseUrl),
  };
  const { issuer, clientId, secret, baseUrl } = given;
  if (issuer === undefined || clientId === undefined || secret === undefined || baseUrl === undefined) {
    const missing = Object.entries(required).filter(
      ([name]) => given[name as keyof typeof given] === undefined,
    );
    const names = missing.map(([name, variable]) => `${variable} (or createAuth({ ${name} }))`);
    throw new ConfigurationError('missing_option', `Login is not set up. Set ${names.join(', ')}.`);
  }
  const resource = options.resource ?? list('AUTH_RESOURCE');
  const client = createClient({
    ...options,
    issuer,
    clientId,
    scope: options.scope ?? read('AUTH_SCOPE') ?? 'openid profile email offline_access',
    ...(resource !== undefined && { resource }),
    clientAuthentication:
      options.clientAuthentication ?? authenticationOf(options.clientSecret ?? read('AUTH_CLIENT_SECRET')),
    // Next patches fetch; nothing of a login may come from or go to its cache.
    fetch: options.fetch ?? ((url, init) => fetch(url, { cache: 'no-store', ...init })),
  });
  const shared = sharedState(JSON.stringify([issuer, clientId]));
  const sessions = createWebSessions(client, {
    ...options,
    secret,
    baseUrl: chooseBaseUrl([baseUrl].flat(), host),
    tombstones: options.tombstones ?? shared.tombstones,
    replay: options.replay ?? shared.replay,
    refresh: { lock: shared.lock, successors: shared.successors, ...options.refresh },
  });
  return { client, sessions, apiOrigins: options.apiOrigins ?? list('AUTH_API_ORIGINS') ?? [] };
}

/** The host that a request names. Anybody can write it: it is compared with what is allowed, and never used itself. */
export function hostOf(headers: Headers, trustProxy: boolean | undefined): string | null {
  const forwarded = trustProxy ? headers.get('x-forwarded-host')?.split(',')[0]?.trim() : undefined;
  return forwarded || headers.get('host');
}

function chooseBaseUrl(allowed: readonly string[], host: string | null): string {
  for (const entry of allowed) {
    const [, origin = '', pattern = '', rest = ''] = /^(https?:\/\/)([^/]+)(.*)$/.exec(entry) ?? [];
    if (pattern === host) return entry;
    const suffix = pattern.startsWith('*.') ? pattern.slice(1) : undefined;
    const label = suffix !== undefined && host?.endsWith(suffix) ? host.slice(0, -suffix.length) : '';
    if (/^[a-z0-9-]+$/i.test(label)) return origin + host + rest;
  }
  const first = allowed[0] ?? '';
  if (!first.includes('*')) return first;
  throw new ConfigurationError(
    'invalid_option',
    'Put an address without * first in baseUrl: it serves every other host.',
  );
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
