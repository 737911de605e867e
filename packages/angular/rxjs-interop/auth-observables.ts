import { toObservable } from '@angular/core/rxjs-interop';
import {
  type AccessToken,
  type Auth,
  type AuthStatus,
  type AuthUser,
  type IdTokenClaims,
  injectAuth,
} from '@countersign/angular';
import { defer, type Observable } from 'rxjs';

/** The login state as observables. Each gives its value at once, and then every change; it never ends with an error. */
export interface AuthObservables {
  readonly status$: Observable<AuthStatus>;
  readonly isSignedIn$: Observable<boolean>;
  readonly user$: Observable<AuthUser | undefined>;
  readonly claims$: Observable<IdTokenClaims | undefined>;
  readonly scopes$: Observable<readonly string[]>;
  /** In seconds since the epoch. */
  readonly expiresAt$: Observable<number | undefined>;
  /** What went wrong last, as a value. */
  readonly error$: Observable<Error | undefined>;
  /**
   * A valid access token for each subscription, refreshed when it must be.
   *
   * @throws LoginRequiredError when the user must log in
   * @throws TransportError when the provider is not well; the login stays
   */
  accessToken$(...options: Parameters<Auth['getAccessToken']>): Observable<AccessToken>;
}

/**
 * The signals of `injectAuth` as observables, in an injection context. Observables end with that context.
 *
 * @param clientName which client, when the application has several
 * @throws ConfigurationError when `provideAuth` is missing
 */
export function injectAuthObservables(clientName?: string): AuthObservables {
  const auth = injectAuth(clientName);
  return {
    status$: toObservable(auth.status),
    isSignedIn$: toObservable(auth.isSignedIn),
    user$: toObservable(auth.user),
    claims$: toObservable(auth.claims),
    scopes$: toObservable(auth.scopes),
    expiresAt$: toObservable(auth.expiresAt),
    error$: toObservable(auth.error),
    accessToken$: (options) => defer(() => auth.getAccessToken(options)),
  };
}
