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
import {
  type AccessToken,
  type BrowserAuth,
  type BrowserAuthSnapshot,
  ConfigurationError,
  type IdTokenClaims,
  LoginRequiredError,
} from '@countersign/core/browser';
import { createAuth } from '../auth.ts';
import { type ApiEntry, parseAllowList } from '../config/allow-list.ts';
import { AUTH_CLIENTS, type AuthClient, defaultClientName } from '../inject-auth.ts';
import { serverState } from './server-state.ts';

/** What a server knows of the user who asks for a page. */
export interface ServerSession {
  /** They are in the page that is sent: hand over no more than it shows. */
  readonly claims: Pick<IdTokenClaims, 'sub'> & Partial<IdTokenClaims>;
  /** Granted scopes. */
  readonly scopes?: readonly string[];
  /** For requests that are made while the page is rendered. It stays on the server. */
  readonly accessToken?: string;
}

/**
 * Renders pages on a server for the user whom a cookie of the application names; belongs into the server's
 * configuration, beside `provideAuth` in the application's. Such pages are kept in no cache.
 *
 * @param readSession finds the user of a request; `undefined` renders the page as signed out
 * @param options.apis which requests get the session's access token on the server; absolute addresses alone, because
 * there a path belongs to whoever sent the Host header. Default: none
 * @throws ConfigurationError `invalid_option` at start, for an entry of `apis` that is a path
 * @see withServerState
 */
export function provideServerAuth(
  readSession: (request: Request) => ServerSession | undefined | Promise<ServerSession | undefined>,
  options: { readonly apis?: readonly ApiEntry[]; readonly clientName?: string } = {},
): EnvironmentProviders {
  const client = new InjectionToken<ReturnType<typeof createServerClient>>('');
  return makeEnvironmentProviders([
    { provide: client, useFactory: () => createServerClient(options) },
    { provide: AUTH_CLIENTS, useExisting: client, multi: true },
    provideAppInitializer(async () => {
      const { know } = inject(client);
      const request = inject(REQUEST);
      const response = inject(RESPONSE_INIT);
      const state = inject(TransferState);
      // Pages that are made ahead are nobody's.
      if (!request) return;
      if (response) response.headers = uncached(response.headers);
      const snapshot = await know(async () => readSession(request));
      if (!snapshot.error) state.set(serverState(options.clientName ?? defaultClientName), snapshot);
    }),
  ]);
}

/** RFC 9111 section 3.5: what was made for one user must not be shown to another. */
function uncached(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  headers.set('cache-control', 'private, no-store');
  headers.append('vary', 'Cookie');
  return headers;
}

function createServerClient({
  apis = [],
  clientName = defaultClientName,
}: {
  readonly apis?: readonly ApiEntry[];
  readonly clientName?: string;
}): AuthClient & { know(read: () => Promise<ServerSession | undefined>): Promise<BrowserAuthSnapshot> } {
  // Nobody can be sent to log in from here.
  const allowed = parseAllowList(
    apis.map((entry) => ({ ...entry, stepUp: false })),
    undefined,
  );
  let known = false;
  let resolve: (browser: BrowserAuth) => void = () => {};
  const browser = new Promise<BrowserAuth>((settle) => {
    resolve = settle;
  });
  const auth = createAuth(clientName, browser);
  return {
    auth,
    apis: () => (known ? allowed : undefined),
    async know(read) {
      let session: ServerSession | undefined;
      let snapshot: BrowserAuthSnapshot;
      try {
        session = await read();
        snapshot = snapshotOf(session);
      } catch (error) {
        // A cookie that cannot be read is no session, and no reason to answer with an error.
        snapshot = { status: 'error', error: error as Error };
      }
      known = true;
      resolve(readOnly(snapshot, session?.accessToken));
      await auth.ready();
      return snapshot;
    },
  };
}

const snapshotOf = (session: ServerSession | undefined): BrowserAuthSnapshot =>
  session
    ? { status: 'signed-in', claims: session.claims as IdTokenClaims, scopes: session.scopes ?? [] }
    : { status: 'signed-out' };

/** The client of one request: it knows, and does nothing. */
function readOnly(snapshot: BrowserAuthSnapshot, accessToken: string | undefined): BrowserAuth {
  const refuse = async () => {
    throw new ConfigurationError('invalid_option', 'Logins begin and end in the browser, not on the server.');
  };
  return {
    snapshot: () => snapshot,
    subscribe: () => () => {},
    start: async () => ({}),
    login: refuse,
    logout: refuse,
    handleCallback: refuse,
    async getAccessToken({ refused } = {}): Promise<AccessToken> {
      if (accessToken !== undefined && refused === undefined)
        return { accessToken, tokenType: 'Bearer', scopes: snapshot.scopes ?? [] };
      throw new LoginRequiredError(
        'not_signed_in',
        'The server has no access token of this user that is valid.',
      );
    },
    authorize: async (_request, token) => ({ authorization: `Bearer ${token.accessToken}` }),
    rememberNonce: async () => false,
    stop: () => {},
  };
}
