import type { Credentials } from './credentials.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

const brand = Symbol.for('countersign.AuthenticatedRequest');

/**
 * A request whose credential was verified. Frozen, as requests with the same token can share it. `instanceof` works across
 * copies of the package.
 */
export class AuthenticatedRequest {
  /** What the token says. */
  readonly accessToken: VerifiedAccessToken;
  /** How it was sent. @see RFC 6750 section 2.1, RFC 9449 section 7.1 */
  readonly scheme: 'Bearer' | 'DPoP';
  /** Headers to add to the response, such as a fresh `DPoP-Nonce`; usually none. @see RFC 9449 section 8.2 */
  readonly headers: Readonly<Record<string, string>> | undefined;
  // Private, so that printing the object does not show it.
  readonly #token: string;

  constructor(
    credentials: Credentials,
    accessToken: VerifiedAccessToken,
    headers?: Readonly<Record<string, string>>,
  ) {
    this.accessToken = accessToken;
    this.scheme = credentials.scheme;
    this.headers = headers;
    this.#token = credentials.token;
    Object.freeze(this);
  }

  static {
    Object.defineProperty(AuthenticatedRequest.prototype, brand, { value: true });
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return (value as { [brand]?: true } | null | undefined)?.[brand] === true;
  }

  /** The token itself, for calls on behalf of the user. Never log it. */
  get token(): string {
    return this.#token;
  }
}
