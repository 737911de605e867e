import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import type { Credentials } from './credentials.ts';

const brand = Symbol.for('countersign.AuthenticatedRequest');

/**
 * A request whose access token was verified. Frozen: requests with the same cached token share one instance.
 * `instanceof` works across copies of the package.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * import type { AuthenticatedRequest } from '@countersign/core/resource-server';
 *
 * export const getUser = ({ accessToken }: AuthenticatedRequest): string | undefined => accessToken.sub;
 * ```
 */
export class AuthenticatedRequest {
  /** The verified access token. */
  readonly accessToken: VerifiedAccessToken;
  /** The authentication scheme. @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1 */
  readonly scheme: 'Bearer' | 'DPoP';
  /** Headers to add to the response, such as a new `DPoP-Nonce`; usually `undefined`. @see https://www.rfc-editor.org/rfc/rfc9449#section-8.2 */
  readonly headers: Readonly<Record<string, string>> | undefined;
  // Private, so that a logged instance does not contain it.
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

  /** The access token as a string, for calls on behalf of the user. Never log it. */
  get token(): string {
    return this.#token;
  }
}
