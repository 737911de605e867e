import type { VerifiedAccessToken } from './claims/verified-access-token.ts';
import { Rejection } from './rejections/rejection.ts';

/** Requirements of an operation. Each member that is set must be met. */
export interface AccessRequirements {
  /** All of these scopes. Default: none is required. @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
  readonly scopes?: readonly string[];
  /** At least one scope of each group. Default: none is required. */
  readonly anyScope?: readonly (readonly string[])[];
  /** All of these permissions. Default: none is required. */
  readonly permissions?: readonly string[];
  /** At least one role of each group. Default: none is required. */
  readonly roles?: readonly (readonly string[])[];
  /** One of the authentication contexts of each group. Default: any. @see https://www.rfc-editor.org/rfc/rfc9470#section-3 */
  readonly acr?: readonly (readonly string[])[];
  /** Maximum seconds since the user's last login. Default: any time. @see https://www.rfc-editor.org/rfc/rfc9470#section-3 */
  readonly maxAge?: number;
}

/** @throws Rejection that names the missing scope, permission, role or login */
export function checkRequirements(
  token: VerifiedAccessToken,
  requirements: AccessRequirements,
  time: { readonly now: number; readonly clockTolerance: number },
): void {
  const { scopes = [], anyScope = [], permissions = [], roles = [] } = requirements;
  const missingScopes = scopes.filter((scope) => !token.scopes.includes(scope));
  if (missingScopes.length > 0) {
    const names = missingScopes.map((scope) => `'${scope}'`).join(', ');
    throw new Rejection('insufficient_scope', 'scope', `The access token lacks the scope ${names}`, {
      scope: scopes,
    });
  }
  for (const group of anyScope) {
    if (group.some((scope) => token.scopes.includes(scope))) continue;
    const names = group.map((scope) => `'${scope}'`).join(' or ');
    throw new Rejection('insufficient_scope', 'scope', `The access token lacks the scope ${names}`, {
      scope: group,
    });
  }
  // Order: a client can request missing scopes, and a new login can be stronger. A login never changes permissions or roles.
  checkAuthentication(token, requirements, time);
  const missingPermission = permissions.find((permission) => !token.permissions.includes(permission));
  if (missingPermission !== undefined) {
    throw new Rejection('access_denied', 'permissions', `The permission '${missingPermission}' is required`);
  }
  for (const group of roles) {
    if (group.some((role) => token.roles.includes(role))) continue;
    const names = group.map((role) => `'${role}'`).join(' or ');
    throw new Rejection('access_denied', 'roles', `The role ${names} is required`);
  }
}

/** Step-up authentication: the token is valid, but its login is too weak or too old. RFC 9470 section 3. */
function checkAuthentication(
  token: VerifiedAccessToken,
  { acr = [], maxAge }: AccessRequirements,
  { now, clockTolerance }: { readonly now: number; readonly clockTolerance: number },
): void {
  const { acr: context, auth_time: authTime } = token.claims;
  const unmetGroup = acr.find((group) => context === undefined || !group.includes(context));
  // Fail closed: a value that is not a number, such as `NaN`, is never met, and a login in the future has no age.
  const isRecent =
    typeof maxAge === 'number' &&
    authTime !== undefined &&
    authTime <= now + clockTolerance &&
    now - authTime <= maxAge + clockTolerance;
  const isOld = maxAge !== undefined && !isRecent;
  if (!unmetGroup && !isOld) return;
  throw new Rejection(
    'insufficient_user_authentication',
    unmetGroup ? 'acr' : 'auth_time',
    unmetGroup ? 'A stronger login is required' : 'A more recent login is required',
    { ...(unmetGroup && { acrValues: unmetGroup }), ...(isOld && Number.isFinite(maxAge) && { maxAge }) },
  );
}
