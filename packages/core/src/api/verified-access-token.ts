import type { JsonObject } from '../internal/json.ts';

/** Claims of an access token, wire names. Add your own by module augmentation of `@countersign/core/api`. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud?: string | readonly string[];
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Seconds since the epoch. */
  readonly iat?: number;
  readonly jti?: string;
  readonly client_id?: string;
  readonly scope?: string;
  /** Seconds since the epoch. @see RFC 9068 section 2.2.1 */
  readonly auth_time?: number;
  /** @see RFC 9068 section 2.2.1 */
  readonly acr?: string;
  readonly [claim: string]: unknown;
}

/** What a verified access token says. Frozen, shared by every request with this token; it does not hold the token. */
export interface VerifiedAccessToken {
  /** One of the configured issuers. */
  readonly issuer: string;
  /** Identity is `issuer` and `sub` together. For a client's own token it is the client. */
  readonly sub: string;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Thumbprint of the key that the client must prove to hold. @see RFC 9449 section 6.1 */
  readonly dpopThumbprint: string | undefined;
  /** Thumbprint of the certificate that the client must present. @see RFC 8705 section 3.1 */
  readonly certificateThumbprint: string | undefined;
  readonly claims: AccessTokenClaims;
}

/** Freezes a JSON value at every depth: it is shared between requests, and no handler may change another's. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value as JsonObject)) deepFreeze(member);
  return Object.freeze(value);
}
