import { isPlatformBrowser } from '@angular/common';
import { inject, PLATFORM_ID } from '@angular/core';
import { type CanActivateChildFn, type CanActivateFn, type CanMatchFn, Router } from '@angular/router';
import { type AuthHandle } from '../auth.ts';
import { injectHandle } from '../inject-auth.ts';

/** A guard for `canActivate`, `canActivateChild` and `canMatch` alike. */
export type AuthGuard = CanActivateFn & CanActivateChildFn & CanMatchFn;

/**
 * Lets signed-in users in, and sends everybody else to log in; then they are back at the page they wanted, query and
 * fragment included. Nothing of the page is shown before.
 */
export const authGuard: AuthGuard = () => guard(injectHandle());

/** As {@link authGuard}, for a client of that name. */
export function authGuardFor(clientName: string): AuthGuard {
  return () => guard(injectHandle(clientName));
}

async function guard(auth: AuthHandle): Promise<boolean> {
  const router = inject(Router);
  // On a server only `provideServerAuth` knows anybody; otherwise the page is left out, and decided in the browser.
  if (!isPlatformBrowser(inject(PLATFORM_ID))) return auth.isSignedIn();
  const navigation = router.currentNavigation ? router.currentNavigation() : router.getCurrentNavigation();
  const target = navigation?.finalUrl ?? navigation?.extractedUrl;
  await auth.ready();
  if (auth.isSignedIn()) return true;
  try {
    await auth.login(target && { returnTo: router.serializeUrl(target) });
  } catch {
    // The signal `error` says why.
    return false;
  }
  // The page is being left. A decision now would show something else for a moment; it is due if the user comes back.
  return new Promise((resolve) => addEventListener('pageshow', () => resolve(false), { once: true }));
}
