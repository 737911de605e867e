import type { AccessTokenErrorCode } from '../../errors.ts';

/**
 * Why a request is rejected. The verifier converts it to an `AccessTokenError` with the challenges of the request's scheme.
 * Never leaves this folder.
 */
export class Rejection extends Error {
  readonly code: AccessTokenErrorCode;
  /** The claim or check that failed, for events. */
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
  /** Sufficient scopes. RFC 6750 section 3. */
  readonly scope?: readonly string[];
  /** Sufficient authentication contexts. RFC 9470 section 3. */
  readonly acrValues?: readonly string[];
  /** Maximum seconds since the login. RFC 9470 section 3. */
  readonly maxAge?: number;
  /** The scheme that the error belongs to, if it differs from the request's. */
  readonly scheme?: 'Bearer' | 'DPoP';
  /** Message of the application's check, for the event only. */
  readonly reason?: string;
  /** Name and code of the error with this message, if it is not an error of this library. */
  readonly errorName?: string;
  /** A new nonce for the client. RFC 9449 section 9. */
  readonly nonce?: string;
  /** Describes the difference for the developer. Called outside production only, and its result is never sent. */
  readonly describe?: () => Mismatch;
}

/** What a check expected and what it found. Contains no claim value except `iss`, `aud`, `typ`, `alg` and times. */
export interface Mismatch {
  readonly expected: string;
  readonly found: string;
}

export const invalidToken = (check: string, description: string, describe?: () => Mismatch): Rejection =>
  new Rejection('invalid_token', check, description, describe && { describe });
