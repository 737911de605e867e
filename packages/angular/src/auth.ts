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

/** `loading` until it is known whether the user is signed in; `error` when that could not be found out. */
export type AuthStatus = BrowserAuthStatus;

/** Who is signed in: what most pages show. Everything else is in the claims. */
export interface AuthUser {
  /** The subject: with the issuer, the user's only identity. */
  readonly sub: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly picture: string | undefined;
}

/** Login state as signals, and what can be done. Get it with {@link injectAuth}. */
export interface Auth {
  /** `loading` until it is known whether the user is signed in; on a server always, without `provideServerAuth`. */
  readonly status: Signal<AuthStatus>;
  readonly isSignedIn: Signal<boolean>;
  readonly user: Signal<AuthUser | undefined>;
  /** Claims of the validated ID token. */
  readonly claims: Signal<IdTokenClaims | undefined>;
  /** Scopes that the user has granted. */
  readonly scopes: Signal<readonly string[]>;
  /** When the access token ends, in seconds since the epoch; it is renewed when a request needs it. */
  readonly expiresAt: Signal<number | undefined>;
  /** What went wrong last. */
  readonly error: Signal<Error | undefined>;
  /** Leaves the page to log in; afterwards the user is back here, query and fragment included. */
  login(options?: LoginOptions): Promise<void>;
  /** Forgets and revokes the tokens in every tab, and leaves for the provider's logout. */
  logout(options?: LogoutOptions): Promise<void>;
  /**
   * A valid access token of the login with which the call began. Rather let {@link authInterceptor} attach it.
   *
   * @throws LoginRequiredError when the user must log in, or the user has changed meanwhile
   * @throws TransportError when the provider is not well; the login stays
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<AccessToken>;
  /** Logs in again for more: another scope, a stronger or a fresher login. @see RFC 9470 */
  stepUp(options: LoginOptions): Promise<void>;
  /**
   * Completes a login in a native shell, which hands in the address that it was opened with. On the web this happens by
   * itself.
   *
   * @returns the page that the user wanted
   * @throws ValidationError, AuthorizationServerError or TransportError; nothing is kept then
   * @see RFC 8252 section 7
   */
  handleCallback(url: string): Promise<{ readonly returnTo: string }>;
  /** Settles when it is known whether the user is signed in. */
  ready(): Promise<void>;
}

/** What the interceptor and the guards need beside {@link Auth}. */
export interface AuthHandle extends Auth {
  readonly clientName: string;
  readonly browser: Promise<BrowserAuth>;
  /** The login that a request belongs to which begins now; `null` without one, `undefined` while it is not known. */
  holder(): LoginHolder | null | undefined;
}

/**
 * Signals over the browser client, which may come later than the application.
 *
 * @param initial what is shown while the client does not know yet
 */
export function createAuth(
  clientName: string,
  client: BrowserAuth | Promise<BrowserAuth>,
  initial: BrowserAuthSnapshot = { status: 'loading' },
): AuthHandle {
  const snapshot = signal(initial);
  const follow = (auth: BrowserAuth) => {
    const update = () => {
      const next = auth.snapshot();
      snapshot.set(next.status === 'loading' ? initial : next);
    };
    auth.subscribe(update);
    update();
  };
  const browser = Promise.resolve(client);
  if ('snapshot' in client) follow(client);
  else client.then(follow, (error: Error) => snapshot.set({ status: 'error', error }));
  const claims = computed(() => snapshot().claims);
  const holder = () => findHolder(snapshot());
  const login = async (options?: LoginOptions) => (await browser).login(options);
  return {
    clientName,
    browser,
    holder,
    status: computed(() => snapshot().status),
    isSignedIn: computed(() => snapshot().status === 'signed-in'),
    user: computed(() => userOf(claims())),
    claims,
    scopes: computed(() => snapshot().scopes ?? []),
    expiresAt: computed(() => snapshot().expiresAt),
    error: computed(() => snapshot().error),
    login,
    logout: async (options) => (await browser).logout(options),
    async getAccessToken(options) {
      // Before the first wait: the call belongs to the user whom the page shows.
      const wanted = { holder: holder(), ...options };
      const { holder: _, ...token } = await (await browser).getAccessToken(wanted);
      return token;
    },
    stepUp: login,
    handleCallback: async (url) => (await browser).handleCallback(url),
    ready: async () => void (await (await browser).start()),
  };
}

/** What a server has rendered names a user as well: the request was made from a page that shows that one. */
function findHolder({ status, holder, claims }: BrowserAuthSnapshot): LoginHolder | null | undefined {
  if (status === 'loading') return undefined;
  if (status !== 'signed-in') return null;
  return holder ?? (claims && { iss: claims.iss, sub: claims.sub });
}

function userOf(claims: IdTokenClaims | undefined): AuthUser | undefined {
  if (!claims) return undefined;
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
  return { sub: claims.sub, name: text('name'), email: text('email'), picture: text('picture') };
}
