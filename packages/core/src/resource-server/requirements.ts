import { Rejection } from './rejections/rejection.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

/** What an operation asks of an access token. Everything that is named must hold. */
export interface AccessRequirements {
  /** All of these scopes. @see RFC 6750 section 3.1 */
  readonly scopes?: readonly string[];
  /** One scope of each of these groups. */
  readonly anyScope?: readonly (readonly string[])[];
  /** All of these permissions. */
  readonly permissions?: readonly string[];
  /** One of the roles of each of these groups. */
  readonly roles?: readonly (readonly string[])[];
  /** One of the authentication contexts of each of these groups. @see RFC 9470 section 3 */
  readonly acr?: readonly (readonly string[])[];
  /** Seconds since the user's last login at most. @see RFC 9470 section 3 */
  readonly maxAge?: number;
}

/** Checks the requirements. @throws Rejection that names what is missing */
export function checkRequirements(
  token: VerifiedAccessToken,
  requirements: AccessRequirements,
  time: { readonly now: number; readonly clockTolerance: number },
): void {
  const { scopes = [], anyScope = [], permissions = [], roles = [] } = requirements;
  const lacking = scopes.filter((scope) => !token.scopes.includes(scope));
  if (lacking.length > 0) {
    const names = lacking.map((scope) => `'${scope}'`).join(', ');
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
  // After the scopes, since a client can ask for those; before roles, since a login cannot change them.
  checkAuthentication(token, requirements, time);
  const missing = permissions.find((permission) => !token.permissions.includes(permission));
  if (missing !== undefined) {
    throw new Rejection('access_denied', 'permissions', `The permission '${missing}' is needed`);
  }
  for (const group of roles) {
    if (group.some((role) => token.roles.includes(role))) continue;
    const names = group.map((role) => `'${role}'`).join(' or ');
    throw new Rejection('access_denied', 'roles', `The role ${names} is needed`);
  }
}

/** Step-up: the token is good, the login behind it is not strong or not recent enough. @see RFC 9470 section 3 */
function checkAuthentication(
  token: VerifiedAccessToken,
  { acr = [], maxAge }: AccessRequirements,
  { now, clockTolerance }: { readonly now: number; readonly clockTolerance: number },
): void {
  const weak = acr.find((group) => !group.includes(token.claims.acr ?? ''));
  const { auth_time: authTime } = token.claims;
  const old = maxAge !== undefined && (authTime === undefined || now - authTime > maxAge + clockTolerance);
  if (!weak && !old) return;
  throw new Rejection(
    'insufficient_user_authentication',
    weak ? 'acr' : 'auth_time',
    weak ? 'A stronger login is needed' : 'A more recent login is needed',
    { ...(weak && { acrValues: weak }), ...(old && { maxAge: maxAge as number }) },
  );
}
