import type { Credentials } from './credentials.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

/** A request whose credential was verified. */
export class AuthenticatedRequest {
  readonly accessToken: VerifiedAccessToken;
  readonly scheme: 'Bearer' | 'DPoP';
  /** Headers to add to the response, such as a fresh `DPoP-Nonce`; usually none. */
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
  }

  /** The token itself, for calls on behalf of the user. Never log it. */
  get token(): string {
    return this.#token;
  }
}
