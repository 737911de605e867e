import { takeRejectedText } from '../../internal/json/rejected-text.ts';
import { readTopLevelStrings } from '../../internal/json/top-level-strings.ts';
import { type LoginClaims, readUnverifiedClaims, requireSameUser } from '../login/same-login.ts';
import type { ProviderTenants } from './token-issuer.ts';

/**
 * Finds the refresh token of a successful refresh response whose JSON was rejected. The refresh token that was sent may be
 * spent, and only this one continues the login (RFC 9700 section 4.14.2).
 *
 * @param error the error of the request
 * @returns `undefined` if the error has another reason, or the response has no refresh token or several different ones
 * @throws ValidationError `id_token_invalid` with the check `iss` or `sub` if the response belongs to another user
 */
export function findRejectedRefreshToken(
  error: unknown,
  previousClaims: LoginClaims | undefined,
  tenants: Pick<ProviderTenants, 'claim'> | undefined,
): string | undefined {
  const members = readTopLevelStrings(takeRejectedText(error) ?? '', ['refresh_token', 'id_token']);
  for (const idToken of members.get('id_token') ?? []) {
    const claims = readUnverifiedClaims(idToken);
    if (previousClaims && claims) requireSameUser(claims, previousClaims, tenants);
  }
  const [token, ...others] = members.get('refresh_token') ?? [];
  return others.length === 0 && token?.trim() ? token : undefined;
}
