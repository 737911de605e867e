import type { Client } from '../client/client.ts';
import { getClientContext } from '../client/client-context.ts';
import { ConfigurationError } from '../errors.ts';
import type { Clock } from '../internal/clock.ts';
import {
  createRefreshCoordinator,
  type RefreshCoordinator,
  type RefreshCoordinatorOptions,
} from '../tokens/refresh-coordinator.ts';
import { createMemoryReplayStore, type ReplayStore } from '../tokens/replay-store.ts';
import { createCookieSessions } from './backends/cookie-backend.ts';
import { guardBackend, guardReplayStore } from './backends/guarded-stores.ts';
import { createMemoryTombstoneStore } from './backends/memory-tombstone-store.ts';
import type { SessionBackend } from './backends/session-backend.ts';
import { ownerOf } from './backends/session-state.ts';
import type { SessionStore, TombstoneStore } from './backends/session-store.ts';
import { createStoredSessions } from './backends/store-backend.ts';
import { type CookieJar, type CookieSettings, createCookieJar } from './cookies/cookies.ts';
import { createSealer, type Sealer } from './cookies/sealer.ts';
import type { RequestSession } from './request-session.ts';

/** What sessions are made of; all but `secret` and `baseUrl` has a default. */
export interface WebSessionOptions {
  /**
   * At least 32 random characters. Of a list, the first seals and all open:
   * put a new secret in front, and drop the old one when the longest session is over.
   */
  readonly secret: string | readonly string[];
  /** The application's address as users see it, with its base path if it has one. */
  readonly baseUrl: string;
  /** Where the routes are, below the base path. Default: `/auth`. */
  readonly routes?: string;
  readonly cookie?: CookieSettings;
  /** Keeps sessions in a store. Default: everything is sealed in the cookie. */
  readonly store?: SessionStore;
  /** Remembers ended cookie sessions. Default: within this process. */
  readonly tombstones?: TombstoneStore;
  /** Remembers used logout tokens and completed logins. Default: within this process. */
  readonly replay?: ReplayStore;
  /** Seconds after which an unused session ends. Default: one day. */
  readonly idleLife?: number;
  /** Seconds after which a session ends, however much it is used. Default: seven days. */
  readonly absoluteLife?: number;
  readonly refresh?: RefreshCoordinatorOptions;
  /** Asks userinfo at login and keeps its claims. Default: false, the ID token's claims alone. */
  readonly userinfo?: boolean;
  /** Authorization parameters that a login URL may carry. Default: `login_hint`, `ui_locales` and `prompt`. */
  readonly loginParameters?: readonly string[];
  /** Where the user lands after a login that names no address. Default: the base URL. */
  readonly afterLogin?: string;
  /** Where the provider may send the user after logout, as registered there; the first is the default. Default: the base URL. */
  readonly postLogoutRedirectUris?: readonly string[];
  /** `get` also logs out by a link: anybody's link then. Default: `post`, and a page that asks. */
  readonly logoutMethod?: 'post' | 'get';
  /** Tells the provider who logs out by the ID token, which then travels in a URL. Default: true. */
  readonly idTokenHint?: boolean;
  /** Serves access tokens to the browser's own scripts. Default: false. */
  readonly accessTokenRoute?: boolean;
}

/** The address of each route, base path included. */
export interface RoutePaths {
  readonly login: string;
  readonly callback: string;
  readonly logout: string;
  readonly session: string;
  readonly accessToken: string;
  readonly backchannelLogout: string;
}

/** What the routes work with. It holds no user's state. */
export interface SessionContext {
  readonly client: Client;
  readonly options: WebSessionOptions;
  readonly baseUrl: URL;
  /** The base URL's path without its closing slash. */
  readonly basePath: string;
  readonly paths: RoutePaths;
  readonly jar: CookieJar;
  readonly backend: SessionBackend;
  readonly coordinator: RefreshCoordinator;
  readonly loginSealer: Sealer;
  readonly replay: ReplayStore;
  /** Replay keys of the last logins that failed in this process. */
  readonly failedLogins: Set<string>;
  readonly resource: string | undefined;
  readonly idleLife: number;
  readonly absoluteLife: number;
  readonly now: Clock;
  /** Replay keys of logout tokens whose sessions could not be ended: these tokens may come again. */
  readonly unfinishedLogouts: Set<string>;
  /** Sessions that are shared while a request is answered, by what stands for the request. */
  readonly opened: WeakMap<object, Promise<RequestSession>>;
}

/** @throws ConfigurationError when an option is missing or wrong */
export function createSessionContext(client: Client, options: WebSessionOptions): SessionContext {
  const { now, scope, resources } = getClientContext(client);
  if (!scope.split(' ').includes('openid')) {
    throw new ConfigurationError(
      'invalid_option',
      `The scope "${scope}" lacks openid: without an ID token nobody knows who logs in.`,
    );
  }
  const baseUrl = parseBaseUrl(options.baseUrl);
  const basePath = baseUrl.pathname.replace(/\/+$/, '');
  const secrets = [options.secret ?? []].flat();
  const jar = createCookieJar(baseUrl, options.cookie ?? {});
  const name = options.cookie?.name ?? 'session';
  if (!/^[\w-]{1,40}$/.test(name)) {
    throw new ConfigurationError(
      'invalid_option',
      `The cookie name "${name}" must be 1 to 40 letters, digits, _ or -.`,
    );
  }
  const absoluteLife = positive(options.absoluteLife ?? 7 * 86_400, 'absoluteLife');
  const idleLife = positive(options.idleLife ?? Math.min(86_400, absoluteLife), 'idleLife');
  const lives = { idleLife, absoluteLife, now };
  const kept = { jar, name, owner: ownerOf(client), ...lives };
  const { store } = options;
  const backend = store
    ? createStoredSessions({ ...kept, store, sealer: createSealer(secrets, 'stored-session') })
    : createCookieSessions({
        ...kept,
        sealer: createSealer(secrets, 'session'),
        tombstones: options.tombstones ?? createMemoryTombstoneStore({ now }),
      });
  return {
    client,
    options,
    baseUrl,
    basePath,
    paths: pathsOf(basePath + (options.routes ?? '/auth').replace(/\/+$/, '')),
    jar,
    backend: guardBackend(backend),
    coordinator: createRefreshCoordinator(client, options.refresh ?? {}),
    loginSealer: createSealer(secrets, 'login'),
    replay: guardReplayStore(options.replay ?? createMemoryReplayStore({ now })),
    failedLogins: new Set(),
    resource: resources[0],
    ...lives,
    unfinishedLogouts: new Set(),
    opened: new WeakMap(),
  };
}

function pathsOf(prefix: string): RoutePaths {
  return {
    login: `${prefix}/login`,
    callback: `${prefix}/callback`,
    logout: `${prefix}/logout`,
    session: `${prefix}/session`,
    accessToken: `${prefix}/access-token`,
    backchannelLogout: `${prefix}/backchannel-logout`,
  };
}

/** @throws ConfigurationError when it is no address that sessions can be kept at */
export function parseBaseUrl(value: unknown): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new ConfigurationError(
      'invalid_option',
      `baseUrl must be the application's address, for example https://app.example, got "${String(value)}"`,
    );
  }
  // Session cookies over plain http can be read and planted by anybody in between; only this machine is an exception.
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ConfigurationError(
      'invalid_option',
      `baseUrl "${url.origin}" must be https; plain http is for localhost only.`,
    );
  }
  return url;
}

const isLoopback = (host: string) => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);

function positive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new ConfigurationError(
    'invalid_option',
    `${name} must be a positive number of seconds, got ${value}`,
  );
}
