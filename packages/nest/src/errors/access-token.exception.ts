import { AccessTokenError } from '@countersign/core/resource-server';
import { HttpException } from '@nestjs/common';
import type { ErrorFormat, RejectionDescription } from '../guard-options.ts';
import { logUnexpectedError, type Rejection } from './unexpected-errors.ts';

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

  constructor(error: Rejection, format: ErrorFormat) {
    const description = describeRejection(error);
    super(createBody(description, format), description.status, { cause: error });
    // The message of Nest's exceptions is a member of the body, which the application may have replaced.
    this.message = description.message;
    this.code = error.code;
  }
}

function createBody(description: RejectionDescription, format: ErrorFormat): object {
  const { status, title, code, message } = description;
  if (format === 'problem') return { type: 'about:blank', title, status, detail: message, code };
  try {
    const body = typeof format === 'function' ? (format(description) as unknown) : undefined;
    if (typeof body === 'object' && body !== null) return body;
    if (format !== 'nest')
      throw new TypeError(`it returned a value of type ${typeof body}, expected an object`);
  } catch (error) {
    // The request is rejected in any case.
    logUnexpectedError(error, { name: 'errorFormat' });
  }
  return { statusCode: status, error: title, message };
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
  format: ErrorFormat,
): AccessTokenException & T {
  const exception = new AccessTokenException(error, format);
  for (const name of Reflect.ownKeys(error)) {
    const member = Object.getOwnPropertyDescriptor(error, name);
    if (member && !nestMembers.has(name)) Object.defineProperty(exception, name, member);
  }
  return exception as AccessTokenException & T;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

/** The response to the client does not name the unavailable issuer or store. */
export function describeRejection(error: Rejection): RejectionDescription {
  const status = error instanceof AccessTokenError ? error.status : 503;
  const message =
    error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
  return { status, title: titles[status] ?? 'Error', code: error.code, message };
}

/** The client receives only the status of an unexpected exception. */
export const describeStatus = (status: number): RejectionDescription => ({
  status,
  title: titles[status] ?? 'Error',
  code: status === 500 ? 'server_error' : 'access_denied',
  message: status === 500 ? 'Internal server error' : 'Access is denied',
});
