import { type EnvironmentProviders, InjectionToken, inject, makeEnvironmentProviders } from '@angular/core';
import {
  type AuthConfig,
  type AuthStatus,
  type GetAccessTokenOptions,
  type LoginOptions,
  LoginRequiredError,
  type LogoutOptions,
  provideAuthClient,
} from '@countersign/angular';

/** The login state of a test. */
export interface TestAuthState {
  /** Default: `signed-in` if there is a user, otherwise `signed-out`. */
  readonly status?: AuthStatus;
  /** The claims of the ID token. Only `sub` is required. Default: no user is signed in. */
  readonly user?: { readonly sub: string; readonly [claim: string]: unknown };
  /** The granted scopes. Default: `openid`. */
  readonly scopes?: readonly string[];
  /** The last error. Default: none. */
  readonly error?: Error;
}

/** The calls of the application during a test, and a function that changes the login state. */
export interface AuthTesting {
  /** The options of each call of `getAccessToken()`, including the calls of the interceptor. */
  readonly tokenRequests: readonly GetAccessTokenOptions[];
  /** The options of each login. */
  readonly logins: readonly LoginOptions[];
  /** The options of each logout. */
  readonly logouts: readonly LogoutOptions[];
  /** Replaces the login state. `setState({})` removes the user. */
  setState(state: TestAuthState): void;
}

const AUTH_TESTING = new InjectionToken<AuthTesting>('Countersign testing');

/**
 * Provides a login state without a provider. `injectAuth()`, the guards and the interceptor work as in the
 * application. The access token is `test-token`; after the API rejects it, `test-token-2`, and so on. The interceptor
 * adds it to requests that match an entry of `apis`.
 *
 * @param state the initial login state. Default: no user is signed in
 * @throws LoginRequiredError from `getAccessToken()`: `not_signed_in`, or `session_ended` after another user has signed in
 * @example
 * ```ts
 * import { TestBed } from '@angular/core/testing';
 * import { injectAuth } from '@countersign/angular';
 * import { provideAuthTesting } from '@countersign/angular/testing';
 *
 * TestBed.configureTestingModule({
 *   providers: [provideAuthTesting({ user: { sub: 'user-1', name: 'Ada' }, scopes: ['openid', 'items:read'] })],
 * });
 * const auth = TestBed.runInInjectionContext(() => injectAuth());
 * console.assert(auth.user()?.name === 'Ada');
 * ```
 */
export function provideAuthTesting(
  state: TestAuthState = {},
  config: Pick<AuthConfig, 'apis'> & { readonly clientName?: string } = {},
): EnvironmentProviders {
  const logins: LoginOptions[] = [];
  const logouts: LogoutOptions[] = [];
  const tokenRequests: GetAccessTokenOptions[] = [];
  const listeners = new Set<() => void>();
  let snapshot = createSnapshot(state);
  let serial = 1;
  const createToken = () => `test-token${serial === 1 ? '' : `-${serial}`}`;
  const setState = (next: TestAuthState) => {
    snapshot = createSnapshot(next);
    for (const listener of listeners) listener();
  };
  return makeEnvironmentProviders([
    { provide: AUTH_TESTING, useValue: { tokenRequests, logins, logouts, setState } },
    provideAuthClient(config, {
      snapshot: () => snapshot,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      start: async () => ({}),
      login: async (options = {}) => void logins.push(options),
      logout: async (options = {}) => {
        logouts.push(options);
        setState({});
      },
      handleCallback: async () => ({ returnTo: '/' }),
      replacePage: () => false,
      getAccessToken: async (options = {}) => {
        const { holder, ...tokenRequest } = options;
        tokenRequests.push(tokenRequest);
        const sub = snapshot.claims?.sub;
        if (holder && sub !== undefined && holder.sub !== sub) {
          throw new LoginRequiredError('session_ended', 'The test has signed in another user.');
        }
        if (snapshot.status !== 'signed-in') {
          throw new LoginRequiredError('not_signed_in', 'The test has no signed-in user.');
        }
        if (tokenRequest.rejectedToken === createToken()) serial++;
        return { accessToken: createToken(), tokenType: 'Bearer', scopes: snapshot.scopes ?? [] };
      },
      authorize: async (_request, { accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
      rememberNonce: async () => false,
      stop: () => {},
    }),
  ]);
}

/**
 * Returns the calls of the application and the function that changes the login state. Call it in an injection context
 * with {@link provideAuthTesting}.
 *
 * @example
 * ```ts
 * import { TestBed } from '@angular/core/testing';
 * import { injectAuthTesting, provideAuthTesting } from '@countersign/angular/testing';
 *
 * TestBed.configureTestingModule({ providers: [provideAuthTesting()] });
 * const { logins, setState } = TestBed.runInInjectionContext(() => injectAuthTesting());
 * console.assert(logins.length === 0);
 * setState({ user: { sub: 'user-2' } });
 * ```
 */
export function injectAuthTesting(): AuthTesting {
  return inject(AUTH_TESTING);
}

function createSnapshot({ user, scopes = ['openid'], error, status }: TestAuthState) {
  const time = Math.floor(Date.now() / 1000);
  return {
    status: status ?? (user ? ('signed-in' as const) : ('signed-out' as const)),
    ...(user && {
      claims: { iss: 'https://test.example', aud: 'test', iat: time, exp: time + 3600, ...user },
      scopes,
      expiresAt: time + 3600,
    }),
    ...(error && { error }),
  };
}
