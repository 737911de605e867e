import {
  type EnvironmentProviders,
  InjectionToken,
  inject,
  makeEnvironmentProviders,
  provideAppInitializer,
  REQUEST,
  RESPONSE_INIT,
  TransferState,
} from '@angular/core';
import type { BrowserAuth, BrowserAuthSnapshot, IdTokenClaims } from '@countersign/core/browser';
import { createAuth } from '../auth.ts';
import { AUTH_CLIENTS, type AuthClient, copyProvider, defaultClientName } from '../inject-auth.ts';
import { type ApiEntry, parseAllowList } from '../interceptor/allow-list.ts';
import { createReadOnlyClient } from './read-only-client.ts';
import { createServerStateKey } from './server-state.ts';

/** The user of a request to the server. */
export interface ServerSession {
  /** The claims of the user. They are sent to the browser, so include only what the page shows. */
  readonly claims: Pick<IdTokenClaims, 'sub'> & Partial<IdTokenClaims>;
  /** The granted scopes. They are sent to the browser. Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /** The access token for requests during rendering. It is not sent to the browser. */
  readonly accessToken?: string | undefined;
}

/** Options of {@link provideServerAuth}. */
export interface ServerAuthOptions {
  /**
   * The APIs to which the access token of the session is sent during rendering. Only absolute URLs are allowed, because
   * on a server the `Host` header determines the origin of a path. `stepUp` has no effect. Default: none.
   */
  readonly apis?: readonly ApiEntry[] | undefined;
  /** The name of the client, if the application has several. Default: the client without a name. */
  readonly clientName?: string | undefined;
}

/**
 * Renders pages on a server for the user of the request. Add it to the server configuration; `provideAuth` stays in the
 * configuration of the application. The response of such a page is not cached (`Cache-Control: private, no-store`).
 *
 * An entry of `apis` that is a path throws a `ConfigurationError` `invalid_option` when the application starts. If
 * `readSession` throws, the page renders with the status `error`.
 *
 * @param readSession returns the user of a request; `undefined` renders the page as signed out
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-3.5
 * @example
 * ```ts
 * import type { ApplicationConfig } from '@angular/core';
 * import { provideServerAuth, type ServerSession } from '@countersign/angular';
 *
 * declare function readSession(cookie: string | null): Promise<ServerSession | undefined>;
 *
 * export const serverConfig: ApplicationConfig = {
 *   providers: [provideServerAuth((request) => readSession(request.headers.get('cookie')))],
 * };
 * ```
 */
export function provideServerAuth(
  readSession: (request: Request) => ServerSession | undefined | Promise<ServerSession | undefined>,
  options: ServerAuthOptions = {},
): EnvironmentProviders {
  const client = new InjectionToken<ReturnType<typeof createServerClient>>('');
  return makeEnvironmentProviders([
    copyProvider,
    { provide: client, useFactory: () => createServerClient(options) },
    { provide: AUTH_CLIENTS, useExisting: client, multi: true },
    provideAppInitializer(async () => {
      const { loadSession } = inject(client);
      const request = inject(REQUEST);
      const response = inject(RESPONSE_INIT);
      const state = inject(TransferState);
      // A prerendered page has no request and no user.
      if (!request) return;
      if (response) response.headers = disableCaching(response.headers);
      const snapshot = await loadSession(async () => readSession(request));
      if (!snapshot.error) state.set(createServerStateKey(options.clientName ?? defaultClientName), snapshot);
    }),
  ]);
}

/** RFC 9111 section 3.5: a page of one user must not be sent to another user. */
function disableCaching(init: HeadersInit | undefined): Headers {
  const headers = new Headers(init);
  headers.set('cache-control', 'private, no-store');
  headers.append('vary', 'Cookie');
  return headers;
}

function createServerClient({ apis = [], clientName = defaultClientName }: ServerAuthOptions): AuthClient & {
  loadSession(read: () => Promise<ServerSession | undefined>): Promise<BrowserAuthSnapshot>;
} {
  // A login cannot start on the server.
  const allowList = parseAllowList(
    apis.map((entry) => ({ ...entry, stepUp: false })),
    undefined,
  );
  let isLoaded = false;
  let resolve: (browser: BrowserAuth) => void = () => {};
  const browser = new Promise<BrowserAuth>((settle) => {
    resolve = settle;
  });
  const auth = createAuth(clientName, browser);
  return {
    auth,
    apis: () => (isLoaded ? allowList : undefined),
    async loadSession(read) {
      let session: ServerSession | undefined;
      let snapshot: BrowserAuthSnapshot;
      try {
        session = await read();
        snapshot = toSnapshot(session);
      } catch (error) {
        // An unreadable cookie is not a session, and the page is still rendered.
        snapshot = { status: 'error', error: error as Error };
      }
      isLoaded = true;
      resolve(createReadOnlyClient(snapshot, session?.accessToken));
      await auth.whenReady();
      return snapshot;
    },
  };
}

const toSnapshot = (session: ServerSession | undefined): BrowserAuthSnapshot =>
  session
    ? { status: 'signed-in', claims: session.claims as IdTokenClaims, scopes: session.scopes ?? [] }
    : { status: 'signed-out' };
