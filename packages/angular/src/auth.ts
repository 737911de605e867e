import { computed, type Signal, signal } from '@angular/core';
import type {
  AccessToken,
  BrowserAuth,
  BrowserAuthSnapshot,
  BrowserAuthStatus,
  GetAccessTokenOptions,
  IdTokenClaims,
  LoginHolder,
  LoginOptions,
  LogoutOptions,
} from '@countersign/core/browser';

/** `loading` until the login state is known. `error` if it could not be determined; see {@link Auth.error}. */
export type AuthStatus = BrowserAuthStatus;

/** The signed-in user. Further claims are in {@link Auth.claims}. */
export interface AuthUser {
  /** The subject identifier. It is unique only together with the issuer. */
  readonly sub: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly picture: string | undefined;
}

/** The login state as signals, and its actions. {@link injectAuth} returns it. */
export interface Auth {
  /** The login state. On a server without `provideServerAuth` it is always `loading`. */
  readonly status: Signal<AuthStatus>;
  /** Whether the status is `signed-in`. */
  readonly isSignedIn: Signal<boolean>;
  /** The signed-in user. */
  readonly user: Signal<AuthUser | undefined>;
  /** The claims of the validated ID token. */
  readonly claims: Signal<IdTokenClaims | undefined>;
  /** The granted scopes. Empty if the user is not signed in. */
  readonly scopes: Signal<readonly string[]>;
  /** The expiry of the access token in seconds since the epoch. The token is refreshed when a request requires it. */
  readonly expiresAt: Signal<number | undefined>;
  /** The last error. */
  readonly error: Signal<Error | undefined>;
  /**
   * Redirects to the provider to log in. The login returns to `returnTo`: a URL of the router (`/items?a=b`, without the
   * base URL of the application), or an absolute URL of this origin. Default: the current page with its query and
   * fragment; on the callback page after a failed login, the page for which the failed login was started.
   *
   * @throws TransportError if the provider cannot be reached
   */
  login(options?: LoginOptions): Promise<void>;
  /**
   * Deletes the tokens in all tabs, revokes them, and redirects to the logout of the provider.
   *
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   */
  logout(options?: LogoutOptions): Promise<void>;
  /**
   * Returns a valid access token of the current login, which is refreshed first if it has expired. Requests with
   * `HttpClient` do not need it: {@link authInterceptor} adds the token.
   *
   * @throws LoginRequiredError if the user must log in, or if the user has changed since the call
   * @throws TransportError if the network or the provider is temporarily unavailable; the user stays signed in
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<AccessToken>;
  /**
   * Logs in again to obtain another scope, or a stronger or more recent login.
   *
   * @throws TransportError if the provider cannot be reached
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-4
   */
  stepUp(options: LoginOptions): Promise<void>;
  /**
   * Completes a login in a native app. On the web this happens automatically.
   *
   * @param url the URL that opened the app
   * @returns the page to show
   * @throws ValidationError, AuthorizationServerError or TransportError; no token is stored then
   * @see https://www.rfc-editor.org/rfc/rfc8252#section-7
   */
  handleCallback(url: string): Promise<{ readonly returnTo: string }>;
  /** Waits until the login state is known. */
  whenReady(): Promise<void>;
}

/** {@link Auth} with the members that the interceptor and the guards use. */
export interface AuthHandle extends Auth {
  readonly clientName: string;
  readonly browser: Promise<BrowserAuth>;
  /** Returns the page for a failed login: a URL of the router. */
  errorRoute(): string | undefined;
  /** Returns the login of a request that starts now: `null` if not signed in, `undefined` while unknown. */
  getHolder(): LoginHolder | null | undefined;
}

/**
 * Creates signals from a browser client.
 *
 * @param client a promise if the configuration is loaded first
 * @param initial the state until the login state is known
 */
export function createAuth(
  clientName: string,
  client: BrowserAuth | Promise<BrowserAuth>,
  initial: BrowserAuthSnapshot = { status: 'loading' },
  errorRoute: () => string | undefined = () => undefined,
): AuthHandle {
  const snapshot = signal(initial);
  const subscribe = (auth: BrowserAuth) => {
    const update = () => {
      const next = auth.snapshot();
      snapshot.set(next.status === 'loading' ? initial : next);
    };
    auth.subscribe(update);
    update();
  };
  const browser = Promise.resolve(client);
  if ('snapshot' in client) subscribe(client);
  else client.then(subscribe, (error: Error) => snapshot.set({ status: 'error', error }));
  const claims = computed(() => snapshot().claims);
  const getHolder = () => findHolder(snapshot());
  const login = async (options?: LoginOptions) => (await browser).login(options);
  return {
    clientName,
    browser,
    errorRoute,
    getHolder,
    status: computed(() => snapshot().status),
    isSignedIn: computed(() => snapshot().status === 'signed-in'),
    user: computed(() => toUser(claims())),
    claims,
    scopes: computed(() => snapshot().scopes ?? []),
    expiresAt: computed(() => snapshot().expiresAt),
    error: computed(() => snapshot().error),
    login,
    logout: async (options) => (await browser).logout(options),
    async getAccessToken(options) {
      // Read before the first await, so that the token is of the user whom the page shows.
      const optionsWithHolder = { holder: getHolder(), ...options };
      const { holder: _, ...token } = await (await browser).getAccessToken(optionsWithHolder);
      return token;
    },
    stepUp: login,
    handleCallback: async (url) => (await browser).handleCallback(url),
    whenReady: async () => void (await (await browser).start()),
  };
}

/** A rendered page identifies a user too: its requests belong to that user. */
function findHolder({ status, holder, claims }: BrowserAuthSnapshot): LoginHolder | null | undefined {
  if (status === 'loading' || status === 'error') return undefined;
  if (status !== 'signed-in') return null;
  return holder ?? (claims && { iss: claims.iss, sub: claims.sub });
}

function toUser(claims: IdTokenClaims | undefined): AuthUser | undefined {
  if (!claims) return undefined;
  const readText = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
  return {
    sub: claims.sub,
    name: readText('name'),
    email: readText('email'),
    picture: readText('picture'),
  };
}
