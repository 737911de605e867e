import { isPlatformBrowser } from '@angular/common';
import { inject, PLATFORM_ID } from '@angular/core';
import { type CanActivateChildFn, type CanActivateFn, type CanMatchFn, Router } from '@angular/router';
import type { AuthHandle } from '../auth.ts';
import { injectAuthHandle } from '../inject-auth.ts';

/** A guard for `canActivate`, `canActivateChild` and `canMatch`. */
export type AuthGuard = CanActivateFn & CanActivateChildFn & CanMatchFn;

/**
 * Allows a navigation if the user is signed in. Otherwise it starts a login, which returns to the requested page with
 * its query and fragment. The page is not shown before.
 *
 * On a server it allows the navigation only if `provideServerAuth` provides a user. It starts no login there.
 *
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
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

async function checkLogin(auth: AuthHandle): Promise<boolean> {
  const router = inject(Router);
  // On a server the user is known only with `provideServerAuth`. Otherwise the browser decides.
  if (!isPlatformBrowser(inject(PLATFORM_ID))) return auth.isSignedIn();
  const navigation = router.currentNavigation ? router.currentNavigation() : router.getCurrentNavigation();
  const target = navigation?.finalUrl ?? navigation?.extractedUrl;
  await auth.whenReady();
  if (auth.isSignedIn()) return true;
  try {
    await auth.login(target && { returnTo: router.serializeUrl(target) });
  } catch {
    // The signal `error` contains the reason.
    return false;
  }
  // The browser leaves the page. A decision now would briefly show another page, so the guard decides only if the page
  // is shown again.
  return new Promise((resolve) => addEventListener('pageshow', () => resolve(false), { once: true }));
}
