import { inject } from '@angular/core';
import { RedirectCommand, Router } from '@angular/router';
import type { IdTokenClaims } from '@countersign/core/browser';
import type { Auth } from '../auth.ts';
import { injectAuth } from '../inject-auth.ts';
import { type AuthGuard, authGuard } from './auth-guard.ts';

/** Options of {@link scopeGuard} and {@link claimGuard}. */
export interface GuardOptions {
  /** The page to show to a signed-in user who is not allowed. Default: the navigation is canceled. */
  readonly redirectTo?: string;
}

/**
 * Creates a guard that allows a navigation if all scopes are granted. A user who is not signed in logs in first. The
 * guard decides only what is shown: the API must check the scopes of the access token.
 *
 * @param scopes space-separated
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
 * @example
 * ```ts
 * import type { Routes } from '@angular/router';
 * import { scopeGuard } from '@countersign/angular';
 *
 * export const routes: Routes = [
 *   { path: 'edit', canActivate: [scopeGuard('items:write', { redirectTo: '/forbidden' })], children: [] },
 * ];
 * ```
 */
export function scopeGuard(scopes: string, options: GuardOptions = {}): AuthGuard {
  return createGuard((auth) => scopes.split(' ').every((scope) => auth.scopes().includes(scope)), options);
}

/**
 * Creates a guard that allows a navigation if a function of the claims returns `true`. A user who is not signed in logs
 * in first. The guard decides only what is shown: the API must check its own conditions.
 *
 * @param isAllowed receives the claims of the validated ID token
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
 * @example
 * ```ts
 * import type { Routes } from '@angular/router';
 * import { claimGuard } from '@countersign/angular';
 *
 * export const routes: Routes = [
 *   { path: 'admin', canActivate: [claimGuard(({ role }) => role === 'admin')], children: [] },
 * ];
 * ```
 */
export function claimGuard(
  isAllowed: (claims: IdTokenClaims) => boolean,
  options: GuardOptions = {},
): AuthGuard {
  return createGuard((auth) => {
    const claims = auth.claims();
    return claims !== undefined && isAllowed(claims);
  }, options);
}

function createGuard(isAllowed: (auth: Auth) => boolean, { redirectTo }: GuardOptions): AuthGuard {
  return async (...parameters: unknown[]) => {
    const auth = injectAuth();
    const router = inject(Router);
    const isSignedIn = await (authGuard as (...parameters: unknown[]) => boolean | Promise<boolean>)(
      ...parameters,
    );
    if (isSignedIn !== true || isAllowed(auth)) return isSignedIn;
    return redirectTo !== undefined && new RedirectCommand(router.parseUrl(redirectTo));
  };
}
