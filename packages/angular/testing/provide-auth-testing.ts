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

/** Who is signed in during a test. */
export interface TestAuthState {
  /** Default: `signed-in` when there is a user, otherwise `signed-out`. */
  readonly status?: AuthStatus;
  /** Claims of the ID token; `sub` is enough. */
  readonly user?: { readonly sub: string; readonly [claim: string]: unknown };
  /** Granted scopes. Default: `openid`. */
  readonly scopes?: readonly string[];
  readonly error?: Error;
}

/** What the application asked for during a test, and the means to change who is signed in. */
export interface AuthTesting {
  /** What access tokens were asked for, by the interceptor too: resource, scope, and which was refused. */
  readonly tokenRequests: readonly GetAccessTokenOptions[];
  readonly logins: readonly LoginOptions[];
  readonly logouts: readonly LogoutOptions[];
  /** Signs another user in, or nobody: `set({})`. */
  set(state: TestAuthState): void;
}

const AUTH_TESTING = new InjectionToken<AuthTesting>('Countersign testing');

/**
 * Provides login without a provider: `injectAuth()`, guards and interceptor work as in the application. The token is
 * `test-token`, or `test-token-2` and so on after an API has refused it; `apis` decides who gets it, as always.
 */
export function provideAuthTesting(
  state: TestAuthState = {},
  config: Pick<AuthConfig, 'apis'> & { readonly clientName?: string } = {},
): EnvironmentProviders {
  const logins: LoginOptions[] = [];
  const logouts: LogoutOptions[] = [];
  const tokenRequests: GetAccessTokenOptions[] = [];
  const listeners = new Set<() => void>();
  let snapshot = snapshotOf(state);
  let serial = 1;
  const token = () => `test-token${serial === 1 ? '' : `-${serial}`}`;
  const set = (next: TestAuthState) => {
    snapshot = snapshotOf(next);
    for (const listener of listeners) listener();
  };
  return makeEnvironmentProviders([
    { provide: AUTH_TESTING, useValue: { tokenRequests, logins, logouts, set } },
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
        set({});
      },
      handleCallback: async () => ({ returnTo: '/' }),
      getAccessToken: async (options = {}) => {
        const { holder, ...asked } = options;
        const { refused } = asked;
        tokenRequests.push(asked);
        const sub = snapshot.claims?.sub;
        if (holder && sub !== undefined && holder.sub !== sub) {
          throw new LoginRequiredError('session_ended', 'Another user has signed in in this test.');
        }
        if (snapshot.status !== 'signed-in') {
          throw new LoginRequiredError('not_signed_in', 'Nobody is signed in in this test.');
        }
        if (refused === token()) serial++;
        return { accessToken: token(), tokenType: 'Bearer', scopes: snapshot.scopes ?? [] };
      },
      authorize: async (_request, { accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
      rememberNonce: async () => false,
      stop: () => {},
    }),
  ]);
}

/** What happened so far, in a test that uses {@link provideAuthTesting}. */
export function injectAuthTesting(): AuthTesting {
  return inject(AUTH_TESTING);
}

function snapshotOf({ user, scopes = ['openid'], error, status }: TestAuthState) {
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
