import { listMembers } from '../../internal/json/object-members.ts';
import { getRejectedText } from '../../internal/json/rejected-text.ts';

/**
 * Finds the refresh token of a successful response whose JSON was rejected. The refresh token that was sent may be spent, and
 * only this one continues the login (RFC 9700 section 4.14.2). All other members of the response are ignored.
 *
 * @param error the error of the request
 * @returns `undefined` if the error has another reason, or the response has no refresh token or several different ones
 */
export function findRejectedRefreshToken(error: unknown): string | undefined {
  let token: string | undefined;
  for (const { name, value, depth } of listMembers(getRejectedText(error) ?? '')) {
    if (depth !== 1 || name !== 'refresh_token' || value === token) continue;
    if (typeof value !== 'string' || token !== undefined) return undefined;
    token = value;
  }
  return token?.trim() ? token : undefined;
}
