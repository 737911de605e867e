import { AccessTokenError } from '@countersign/core/resource-server';
import { HttpException } from '@nestjs/common';
import type { Rejection } from './unexpected-errors.ts';

/**
 * The exception by which the guard rejects a request over HTTP and GraphQL, and which the injected verifier throws. It is
 * an `HttpException` of Nest, so the exception filters of the application format it like other exceptions.
 *
 * Its status is 400, 401, 403, or 503 if tokens cannot be verified at the moment. Its `cause` is the error of the
 * verifier.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc9457
 * @example
 * ```ts
 * @Catch(AccessTokenException)
 * class AccessFilter implements ExceptionFilter {
 *   catch(exception: AccessTokenException, host: ArgumentsHost) {
 *     host.switchToHttp().getResponse().status(exception.getStatus()).json({ code: exception.code });
 *   }
 * }
 * ```
 */
export class AccessTokenException extends HttpException {
  /** The code of the rejection, for example `insufficient_scope`. */
  readonly code: string;

  constructor(error: Rejection, format: 'nest' | 'problem') {
    const { status, title, message } = describeRejection(error);
    super(
      format === 'problem'
        ? { type: 'about:blank', title, status, detail: message, code: error.code }
        : { statusCode: status, error: title, message },
      status,
      { cause: error },
    );
    this.code = error.code;
  }
}

/** The members that an exception of Nest defines itself. */
const nestMembers: ReadonlySet<PropertyKey> = new Set([
  'name',
  'message',
  'stack',
  'status',
  'cause',
  'code',
]);

/**
 * Creates an exception that is also an instance of the verifier's error: it has the members of that error, such as
 * `challenges`, and `instanceof` recognizes it as `AccessTokenError` or `TransportError`.
 */
export function toVerifierException<T extends Rejection>(
  error: T,
  format: 'nest' | 'problem',
): AccessTokenException & T {
  const exception = new AccessTokenException(error, format);
  for (const name of Reflect.ownKeys(error)) {
    const member = Object.getOwnPropertyDescriptor(error, name);
    if (member && !nestMembers.has(name)) Object.defineProperty(exception, name, member);
  }
  return exception as AccessTokenException & T;
}

/** The content of a rejection that is sent to the client. */
export interface RejectionDescription {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly message: string;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

/** The client does not learn which issuer or store is unavailable. */
export function describeRejection(error: Rejection): RejectionDescription {
  const status = error instanceof AccessTokenError ? error.status : 503;
  const message =
    error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
  return { status, title: titles[status] ?? 'Error', code: error.code, message };
}

/** The client learns only the status of an unexpected exception. */
export const describeFailure = (status: number): RejectionDescription => ({
  status,
  title: titles[status] ?? 'Error',
  code: status === 500 ? 'server_error' : 'access_denied',
  message: status === 500 ? 'Internal server error' : 'Access is denied',
});
