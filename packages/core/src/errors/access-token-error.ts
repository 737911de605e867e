import { AuthError, isKind } from './auth-error.ts';
import type { AccessTokenErrorCode } from './error-codes.ts';

/**
 * The API rejects a request. Respond with `status`, `headers` and one `WWW-Authenticate` header: `challenges`, joined with
 * `, `. If there are several headers, Firefox passes none of them to `fetch`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-5.1
 * @example
 * ```ts
 * import { AccessTokenError } from '@countersign/core/resource-server';
 *
 * export function respond(error: unknown): Response {
 *   if (!(error instanceof AccessTokenError)) throw error;
 *   const { status, headers, challenges } = error;
 *   return new Response(null, { status, headers: { ...headers, 'www-authenticate': challenges.join(', ') } });
 * }
 * ```
 */
export class AccessTokenError extends AuthError {
  /** The `error` of the challenge, or `token_missing` or `access_denied`, which have no `error`. */
  declare readonly code: AccessTokenErrorCode;
  /** The HTTP status of the response. */
  readonly status: 400 | 401 | 403;
  /** The challenges of the `WWW-Authenticate` header. */
  readonly challenges: readonly string[];
  /**
   * Additional response headers, for example `DPoP-Nonce`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-8
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The failed check, for logs: a claim (`aud`, `exp` ...) or another check (`signature`, `scope` ...). `undefined` if the
   * error was not created by a verifier. It is not enumerable, so that no response contains it.
   */
  declare readonly check: string | undefined;

  constructor(
    code: AccessTokenErrorCode,
    message: string,
    details: {
      readonly status: 400 | 401 | 403;
      readonly challenges: readonly string[];
      readonly headers?: Readonly<Record<string, string>>;
      /** The failed check. Default: `undefined`. */
      readonly check?: string | undefined;
    },
  ) {
    super(code, message, 'AccessTokenError');
    this.status = details.status;
    this.challenges = details.challenges;
    this.headers = details.headers ?? {};
    Object.defineProperty(this, 'check', { value: details.check });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AccessTokenError');
  }
}
