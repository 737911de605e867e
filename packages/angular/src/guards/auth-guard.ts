import { isPlatformBrowser, Location } from '@angular/common';
import { inject, PLATFORM_ID } from '@angular/core';
import {
  type CanActivateChildFn,
  type CanActivateFn,
  type CanMatchFn,
  RedirectCommand,
  Router,
  type UrlTree,
} from '@angular/router';
import type { AuthHandle } from '../auth.ts';
import { injectAuthHandle } from '../inject-auth.ts';
import { deleteAutomaticLogin, findNavigationCause, isRestartAllowed } from './automatic-login.ts';
import { startLogin } from './start-login.ts';

/** A guard for `canActivate`, `canActivateChild` and `canMatch`. */
export type AuthGuard = CanActivateFn & CanActivateChildFn & CanMatchFn;

/**
 * Allows a navigation if the user is signed in. Otherwise it starts a login, which returns to the requested page with
 * its query and fragment. The page is not shown before.
 *
 * A login that failed is not started again automatically: the guard shows `errorRoute` of the configuration, or throws the
 * error of the login. It starts a login again when the user opens a protected page.
 *
 * On a server it allows the navigation only if `provideServerAuth` provides a user. It starts no login there.
 *
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
 * @throws AuthError of a failed login, without `errorRoute`
 * @see https://angular.dev/guide/routing/route-guards
 * @example
 * ```ts
 * import type { Routes } from '@angular/router';
 * import { authGuard } from '@countersign/angular';
 *
 * export const routes: Routes = [{ path: 'items', canActivate: [authGuard], children: [] }];
 * ```
 */
export const authGuard: AuthGuard = () => checkLogin(injectAuthHandle());

/**
 * Creates an {@link authGuard} for a client by its name (see `withClientName`).
 *
 * @see https://angular.dev/guide/routing/route-guards
 * @example
 * ```ts
 * import type { Routes } from '@angular/router';
 * import { authGuardFor } from '@countersign/angular';
 *
 * export const routes: Routes = [{ path: 'reports', canActivate: [authGuardFor('reports')], children: [] }];
 * ```
 */
export function authGuardFor(clientName: string): AuthGuard {
  return () => checkLogin(injectAuthHandle(clientName));
}

async function checkLogin(auth: AuthHandle): Promise<boolean | RedirectCommand> {
  const router = inject(Router);
  // On a server the user is known only with `provideServerAuth`. Otherwise the browser decides.
  if (!isPlatformBrowser(inject(PLATFORM_ID))) return auth.isSignedIn();
  const findNavigation = () =>
    router.currentNavigation ? router.currentNavigation() : router.getCurrentNavigation();
  const navigation = findNavigation();
  const target = navigation?.finalUrl ?? navigation?.extractedUrl;
  const location = inject(Location, { optional: true });
  // Found before the first await: the activation ends after some seconds.
  const cause = findNavigationCause({ id: navigation?.id, isPageShown: router.navigated });
  const { error } = await (await auth.browser).start();
  if (auth.isSignedIn()) {
    deleteAutomaticLogin(auth.clientName);
    return true;
  }
  // The provider would return the same error again, in a loop.
  if (error && !isRestartAllowed(auth.clientName, cause)) return showFailure(auth, router, { error, target });
  const isStarted = await startLogin(auth, router, {
    // Without `returnTo`, a login of the callback page after a failed login returns to the page that was wanted first.
    returnTo: target && !isCurrentPage(router, location, target) ? router.serializeUrl(target) : undefined,
    isCurrent: () => findNavigation()?.id === navigation?.id,
  });
  if (auth.isSignedIn()) return true;
  const startError = auth.error();
  if (!isStarted) {
    return startError && !router.navigated ? showFailure(auth, router, { error: startError, target }) : false;
  }
  // The browser leaves the page. A decision now would briefly show another page, so the guard decides only if the page
  // is shown again from the back/forward cache. The first load of a page is also a "pageshow".
  return new Promise((resolve) => {
    addEventListener('pageshow', ({ persisted }) => persisted && resolve(false));
  });
}

/** Whether the address bar already shows the page, as in the first navigation. */
const isCurrentPage = (router: Router, location: Location | null, target: UrlTree): boolean =>
  location !== null &&
  router.serializeUrl(router.parseUrl(location.path(true))) === router.serializeUrl(target);

/** @throws the error if the application has no page for it, or if the guard protects this page too */
function showFailure(
  auth: AuthHandle,
  router: Router,
  { error, target }: { readonly error: Error; readonly target: UrlTree | undefined },
): RedirectCommand {
  const errorRoute = auth.errorRoute();
  const toPath = (url: string) => url.split(/[?#]/)[0];
  if (errorRoute === undefined || (target && toPath(router.serializeUrl(target)) === toPath(errorRoute)))
    throw error;
  // The address bar keeps the requested page.
  return new RedirectCommand(router.parseUrl(errorRoute), { skipLocationChange: true });
}
