import { inject } from '@angular/core';
import { RedirectCommand, Router } from '@angular/router';
import type { IdTokenClaims } from '@countersign/core/browser';
import type { Auth } from '../auth.ts';
import { injectAuth } from '../inject-auth.ts';
import { type AuthGuard, authGuard } from './auth-guard.ts';

/** Where a signed-in user goes who may not see the page. Default: the navigation is cancelled. */
export interface GuardOptions {
  readonly otherwise?: string;
}

/**
 * Lets in who has granted every one of the scopes, space-separated. It decides what is shown; what may be done, the
 * API decides.
 */
export function scopeGuard(scopes: string, options: GuardOptions = {}): AuthGuard {
  return guardWhen((auth) => scopes.split(' ').every((scope) => auth.scopes().includes(scope)), options);
}

/** Lets in whose claims pass, for example `claimGuard(({ email_verified }) => email_verified === true)`. */
export function claimGuard(
  passes: (claims: IdTokenClaims) => boolean,
  options: GuardOptions = {},
): AuthGuard {
  return guardWhen((auth) => {
    const claims = auth.claims();
    return claims !== undefined && passes(claims);
  }, options);
}

function guardWhen(passes: (auth: Auth) => boolean, { otherwise }: GuardOptions): AuthGuard {
  return async (...where: unknown[]) => {
    const auth = injectAuth();
    const router = inject(Router);
    const signedIn = await (authGuard as (...where: unknown[]) => boolean | Promise<boolean>)(...where);
    if (signedIn !== true || passes(auth)) return signedIn;
    return otherwise !== undefined && new RedirectCommand(router.parseUrl(otherwise));
  };
}
