import { type ArgumentsHost, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { findTransport } from '../transport/find-transport.ts';
import { AccessTokenException } from './access-token.exception.ts';
import { setRejectionHeaders } from './exceptions.ts';
import { isInstance, isRejection } from './unexpected-errors.ts';

type HandleException = (this: object, exception: unknown, host: ArgumentsHost) => void;

/** On the method of Nest after this copy of the package has replaced it. Another copy has other exceptions. */
const isReplaced = Symbol('countersign.rejectionHeaders');

const logger = new Logger('AuthModule');

/**
 * Sets the headers of an `AccessTokenException` that a handler or service throws: the challenges, and `Retry-After`. Only
 * one filter of Nest handles an exception. A filter of the application that catches everything would omit them, so they are
 * set before Nest selects the filter. A request that succeeds has no additional cost.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */
@Injectable()
export class RejectionHeaders implements OnModuleInit {
  async onModuleInit(): Promise<void> {
    // Nest does not export the class in its index (docs/decisions/0023).
    const module = await import('@nestjs/core/exceptions/exceptions-handler.js').catch(() => undefined);
    const prototype = module?.ExceptionsHandler?.prototype as { next?: HandleException } | undefined;
    if (typeof prototype?.next !== 'function') {
      logger.warn(
        'This version of Nest has no ExceptionsHandler that can be extended. A filter that catches all exceptions must set the headers of AccessTokenException itself.',
      );
      return;
    }
    if (isReplaced in prototype.next) return;
    const { next } = prototype;
    const handle: HandleException = function (exception, host) {
      setHeaders(exception, host);
      next.call(this, exception, host);
    };
    // The marks of other copies remain, so that each copy replaces the method once.
    prototype.next = Object.assign(handle, next, { [isReplaced]: true });
  }
}

function setHeaders(exception: unknown, host: ArgumentsHost): void {
  if (!isInstance(exception, AccessTokenException)) return;
  try {
    const { cause } = exception;
    if (host.getType() === 'http' && isRejection(cause)) setRejectionHeaders(cause, findTransport(host));
  } catch {
    // The exception has its status without these headers.
  }
}
