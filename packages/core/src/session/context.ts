import type { Client } from '../client/client.ts';
import { getClientContext } from '../client/client-context.ts';
import { ConfigurationError } from '../errors.ts';
import type { Clock } from '../internal/clock.ts';
import { createLocalRefreshState } from '../tokens/refresh/local-refresh-state.ts';
import {
  createCoordinatorWithState,
  type RefreshCoordinator,
} from '../tokens/refresh/refresh-coordinator.ts';
import { createMemoryReplayStore, type ReplayStore } from '../tokens/stores/replay-store.ts';
import { createCookieBackend } from './backends/cookie-backend.ts';
import { guardBackend, guardReplayStore } from './backends/guarded-stores.ts';
import type { SessionBackend } from './backends/session-backend.ts';
import { toOwner } from './backends/state/session-state.ts';
import { createStoreBackend } from './backends/store-backend.ts';
import { limitSessionStore, limitTombstoneStore } from './backends/stores/limited-stores.ts';
import { createMemoryTombstoneStore } from './backends/stores/memory-tombstone-store.ts';
import { createSealer, type Sealer } from './cookies/cookie-encryption.ts';
import { checkCookiePath } from './cookies/cookie-path.ts';
import { type CookieJar, createCookieJar, createLoginJar } from './cookies/cookies.ts';
import { createEndRetries, type EndRetries } from './end/end-retries.ts';
import { createRoutePaths, type RoutePaths } from './http/route-paths.ts';
import { reportLargeIdToken, reportOmittedToken, reportSessionSize } from './http/size-notices.ts';
import { parseBaseUrl, toWholeSeconds, type WebSessionOptions } from './options.ts';
import { checkMessages } from './pages/check-messages.ts';
import { checkOwnPages } from './pages/own-pages.ts';
import type { RequiredLogin } from './requests/login-loop.ts';
import type { RequestSession } from './requests/request-session.ts';
import type { SharedState } from './shared-state.ts';

/** Resolved options and stores of the sessions of one address. It contains no state of a user. */
export interface SessionContext {
  readonly client: Client;
  readonly options: WebSessionOptions;
  readonly baseUrl: URL;
  /** The path of the base URL without trailing slash. */
  readonly basePath: string;
  readonly paths: RoutePaths;
  readonly jar: CookieJar;
  /** Creates the cookies of pending logins. */
  readonly loginJar: CookieJar;
  readonly backend: SessionBackend;
  readonly endRetries: EndRetries;
  readonly coordinator: RefreshCoordinator;
  readonly loginSealer: Sealer;
  /** Encrypts the part of the state that a login needs if the browser has lost its cookie. */
  readonly stateSealer: Sealer;
  /** Encrypts what a logout that is repeated needs. */
  readonly logoutSealer: Sealer;
  readonly replay: ReplayStore;
  /** Replay keys of the most recent logins that failed in this process. */
  readonly failedLogins: Set<string>;
  /** Expiry, in milliseconds since the epoch, of the records of logouts by browsers without a session, by replay key. */
  readonly logoutRecords: Map<string, number>;
  /** Logins that were required after rejected refreshes, by user and token. */
  readonly requiredLogins: Map<string, RequiredLogin>;
  /** The default resource of access tokens. */
  readonly resource: string | undefined;
  /** Seconds. */
  readonly idleLifetime: number;
  /** Seconds. */
  readonly absoluteLifetime: number;
  readonly now: Clock;
  /** Sessions that all readers within one request share, by the option `request`. */
  readonly requestSessions: WeakMap<object, Promise<RequestSession>>;
}

/**
 * @param state what all copies of the application in this process share. Default: nothing is shared.
 * @throws ConfigurationError if an option is missing or invalid
 */
export function createSessionContext(
  client: Client,
  options: WebSessionOptions,
  state?: SharedState,
): SessionContext {
  const { now, scope, resources, options: clientOptions } = getClientContext(client);
  const isOAuth2 = clientOptions.provider?.oauth2Userinfo !== undefined;
  if (!isOAuth2 && !scope.split(' ').includes('openid')) {
    throw new ConfigurationError(
      'invalid_option',
      `"scope" is "${scope}", expected it to contain "openid": sessions need an ID token to identify the user.`,
    );
  }
  const baseUrl = parseBaseUrl(options.baseUrl);
  const basePath = baseUrl.pathname.replace(/\/+$/, '');
  const secrets = [options.secret ?? []].flat();
  const routes = basePath + (options.routes ?? '/auth').replace(/\/+$/, '');
  checkCookiePath(options.cookie?.path, routes);
  const jar = createCookieJar(baseUrl, options.cookie ?? {});
  const name = options.cookie?.name ?? 'session';
  if (!/^[\w-]{1,40}$/.test(name)) {
    throw new ConfigurationError(
      'invalid_option',
      `"cookie.name" is "${name}", expected 1 to 40 letters, digits, "_" or "-".`,
    );
  }
  checkOwnPages(options.pages, { origin: baseUrl.origin, routes });
  checkMessages(options.messages);
  const absoluteLifetime = toWholeSeconds(options.absoluteLifetime ?? 7 * 86_400, 'absoluteLifetime');
  const idleLifetime = toWholeSeconds(
    options.idleLifetime ?? Math.min(86_400, absoluteLifetime),
    'idleLifetime',
  );
  const times = { idleLifetime, absoluteLifetime, now };
  const sharedOptions = { jar, name, owner: toOwner(client), clientId: client.clientId, ...times };
  const { store } = options;
  const backend = store
    ? createStoreBackend({
        ...sharedOptions,
        store: limitSessionStore(store),
        sealer: createSealer(secrets, 'stored-session'),
      })
    : createCookieBackend({
        ...sharedOptions,
        sealer: createSealer(secrets, 'session'),
        tombstones: limitTombstoneStore(options.tombstones ?? createMemoryTombstoneStore({ now })),
        sessionEntries: state?.sessionEntries,
        onTokenOmitted: (resource) => reportOmittedToken(client, resource),
        onIdTokenIgnored: () => reportLargeIdToken(client),
        onWritten: (cookies) => reportSessionSize(client, cookies),
      });
  return {
    client,
    options,
    baseUrl,
    basePath,
    paths: createRoutePaths(routes),
    jar,
    loginJar: createLoginJar(baseUrl, options.cookie ?? {}),
    backend: guardBackend(backend, state?.endedKeys),
    endRetries: state?.endRetries ?? createEndRetries(),
    coordinator: createCoordinatorWithState(
      client,
      options.refresh ?? {},
      state?.refresh ?? createLocalRefreshState(),
    ),
    loginSealer: createSealer(secrets, 'login'),
    stateSealer: createSealer(secrets, 'login-state'),
    logoutSealer: createSealer(secrets, 'logout'),
    replay: guardReplayStore(options.replay ?? createMemoryReplayStore({ now })),
    failedLogins: state?.failedLogins ?? new Set(),
    logoutRecords: state?.logoutRecords ?? new Map(),
    requiredLogins: state?.requiredLogins ?? new Map(),
    resource: resources[0],
    ...times,
    requestSessions: new WeakMap(),
  };
}
