import { invalidToken } from '../rejections/rejection.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

/** What a client knows about an access token that it received. Each member that is set must match. */
export interface ExpectedToken {
  /** The claim `iss`. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2 */
  readonly issuer?: string;
  /** The claim `client_id`, or its equivalent in the issuer's profile. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2 */
  readonly clientId?: string;
  /** One of the audiences. @see https://www.rfc-editor.org/rfc/rfc8707#section-2 */
  readonly resource?: string;
  /** The claim `sub`. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2 */
  readonly sub?: string;
}

/** @throws Rejection when a member differs */
export function checkExpectedToken(token: VerifiedAccessToken, expected: ExpectedToken): void {
  const { issuer, clientId, sub, resource } = expected;
  if (issuer !== undefined && token.issuer !== issuer) {
    throw invalidToken('iss', 'The access token was issued by another issuer');
  }
  if (clientId !== undefined && token.clientId !== undefined && token.clientId !== clientId) {
    throw invalidToken('client_id', 'The access token was issued to another client');
  }
  if (sub !== undefined && token.sub !== sub) {
    throw invalidToken('sub', 'The access token was issued for another user');
  }
  if (resource !== undefined && ![token.claims.aud].flat().includes(resource)) {
    throw invalidToken('aud', 'The access token is for another audience');
  }
}
