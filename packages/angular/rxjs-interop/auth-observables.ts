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

/**
 * The login state as observables. The observables of the state emit the current value and each change. They complete
 * with the injection context and never fail.
 */
export interface AuthObservables {
  readonly status$: Observable<AuthStatus>;
  readonly isSignedIn$: Observable<boolean>;
  readonly user$: Observable<AuthUser | undefined>;
  readonly claims$: Observable<IdTokenClaims | undefined>;
  readonly scopes$: Observable<readonly string[]>;
  /** The expiry of the access token in seconds since the epoch. */
  readonly expiresAt$: Observable<number | undefined>;
  /** The last error, as a value. */
  readonly error$: Observable<Error | undefined>;
  /**
   * Emits a valid access token for each subscription, which is refreshed first if it has expired.
   *
   * @throws LoginRequiredError if the user must log in, or if the user has changed since the subscription
   * @throws TransportError if the network or the provider is temporarily unavailable; the user stays signed in
   */
  accessToken$(...options: Parameters<Auth['getAccessToken']>): Observable<AccessToken>;
}

/**
 * Returns the signals of `injectAuth()` as observables. Call it in an injection context, with which the observables
 * complete.
 *
 * @param clientName the name of the client, if the application has several. Default: the first client
 * @throws ConfigurationError `missing_option` if no such client is provided
 * @see https://angular.dev/ecosystem/rxjs-interop
 * @example
 * ```ts
 * import { AsyncPipe } from '@angular/common';
 * import { Component } from '@angular/core';
 * import { injectAuthObservables } from '@countersign/angular/rxjs-interop';
 *
 * @Component({
 *   selector: 'app-user-name',
 *   imports: [AsyncPipe],
 *   template: '{{ (user$ | async)?.name }}',
 * })
 * export class UserName {
 *   protected readonly user$ = injectAuthObservables().user$;
 * }
 * ```
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
