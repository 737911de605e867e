import type { AccessTokenErrorCode } from '../../errors.ts';

/**
 * Why a request is refused, before it is known how to say so: the border turns it into an `AccessTokenError`
 * with the challenges of the request's scheme. Never leaves this folder.
 */
export class Rejection extends Error {
  readonly code: AccessTokenErrorCode;
  /** What failed, a claim or check; for events. */
  readonly check: string;
  readonly details: RejectionDetails;

  constructor(
    code: AccessTokenErrorCode,
    check: string,
    description: string,
    details: RejectionDetails = {},
  ) {
    super(description);
    this.code = code;
    this.check = check;
    this.details = details;
  }
}

export interface RejectionDetails {
  /** Scopes that would do. @see RFC 6750 section 3 */
  readonly scope?: readonly string[];
  /** Authentication contexts that would do. @see RFC 9470 section 3 */
  readonly acrValues?: readonly string[];
  /** Seconds since the login at most. @see RFC 9470 section 3 */
  readonly maxAge?: number;
  /** The scheme that the error is about, when the request did not choose one. */
  readonly scheme?: 'Bearer' | 'DPoP';
  /** What the application's own check said, for the event alone. */
  readonly reason?: string;
  /** A fresh nonce for the client. @see RFC 9449 section 9 */
  readonly nonce?: string;
}

export const invalidToken = (check: string, description: string): Rejection =>
  new Rejection('invalid_token', check, description);
