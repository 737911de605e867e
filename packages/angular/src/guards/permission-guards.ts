import { inject } from '@angular/core';
import { RedirectCommand, Router } from '@angular/router';
import { AuthorizationServerError, type IdTokenClaims, LoginRequiredError } from '@countersign/core/browser';
import { type AuthClient, injectClient } from '../inject-auth.ts';
import { type AuthGuard, authGuard } from './auth-guard.ts';

/** Options of {@link scopeGuard} and {@link claimGuard}. */
export interface GuardOptions {
  /** The page to show to a signed-in user who is not allowed. Default: the navigation is canceled. */
  readonly redirectTo?: string | undefined;
}

/**
 * Creates a guard that allows a navigation if all scopes are granted. A user who is not signed in logs in first. The
 * guard decides only what is shown: the API must check the scopes of the access token.
 *
 * `auth.scopes()` contains the scopes of the first `resource`. For a scope that it does not contain, the guard requests the
 * tokens of the entries of `apis` with another `resource`, as a request to the API does.
 *
 * @param scopes space-separated
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
 * @throws TransportError if a token is needed and the provider is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
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
  const names = scopes.split(' ').filter((name) => name !== '');
  return createGuard((client) => areScopesGranted(client, names), options);
}

async function areScopesGranted(
  { auth, apis, defaultResource }: AuthClient,
  scopes: readonly string[],
): Promise<boolean> {
  const granted = new Set(auth.scopes());
  const findMissing = () => scopes.filter((scope) => !granted.has(scope));
  for (const { entry } of apis() ?? []) {
    const missing = findMissing();
    if (missing.length === 0) break;
    const { resource, scope } = entry;
    if (resource === undefined || resource === defaultResource?.()) continue;
    if (scope !== undefined && !scope.split(' ').some((name) => missing.includes(name))) continue;
    try {
      const token = await auth.getAccessToken({ resource, scope });
      for (const name of token.scopes) granted.add(name);
    } catch (error) {
      // There is no token for this resource server, or none with this scope.
      if (!(error instanceof LoginRequiredError || isScopeRejected(error))) throw error;
    }
  }
  return findMissing().length === 0;
}

/** @see https://www.rfc-editor.org/rfc/rfc8707#section-2 */
const isScopeRejected = (error: unknown) =>
  error instanceof AuthorizationServerError && /^invalid_(scope|target)$/.test(error.error);

/**
 * Creates a guard that allows a navigation if a function of the claims returns `true`. A user who is not signed in logs
 * in first. The guard decides only what is shown: the API must check its own conditions.
 *
 * @param isAllowed receives the claims of the validated ID token
 * @throws ConfigurationError `missing_option` if `provideAuth` is missing
 * @see https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
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
  return createGuard(({ auth }) => {
    const claims = auth.claims();
    return claims !== undefined && isAllowed(claims);
  }, options);
}

function createGuard(
  isAllowed: (client: AuthClient) => boolean | Promise<boolean>,
  { redirectTo }: GuardOptions,
): AuthGuard {
  return async (...parameters: unknown[]) => {
    const client = injectClient();
    const router = inject(Router);
    const isSignedIn = await (authGuard as (...parameters: unknown[]) => boolean | Promise<boolean>)(
      ...parameters,
    );
    if (isSignedIn !== true || (await isAllowed(client))) return isSignedIn;
    return redirectTo !== undefined && new RedirectCommand(router.parseUrl(redirectTo));
  };
}
