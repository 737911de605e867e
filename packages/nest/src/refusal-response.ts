import { AccessTokenError, TransportError } from '@countersign/core/api';
import { HttpException } from '@nestjs/common';
import type { ResponseOptions } from './auth-options.ts';
import type { Transport } from './transport.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

/** A refusal as Nest's own kind of exception, so that the application's exception filters format it as they do others. */
export class AccessTokenException extends HttpException {
  constructor(error: AccessTokenError | TransportError, options: ResponseOptions) {
    const status = error instanceof AccessTokenError ? error.status : 503;
    const message =
      error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
    const title = titles[status] ?? 'Error';
    super(
      options.errorFormat === 'problem'
        ? { type: 'about:blank', title, status, detail: message, code: error.code }
        : { statusCode: status, error: title, message },
      status,
      { cause: error },
    );
  }
}

/**
 * Sets the headers of a refusal and makes its exception. The headers are set at once, so that they are there whichever
 * exception filter writes the body.
 *
 * @returns the error itself when it is no refusal
 */
export function refuse(error: unknown, transport: Transport | undefined, options: ResponseOptions): unknown {
  if (error instanceof AccessTokenError) {
    if (error.challenges.length > 0) transport?.setHeader?.('WWW-Authenticate', error.challenges);
    for (const [name, value] of Object.entries(error.headers)) transport?.setHeader?.(name, value);
  } else if (error instanceof TransportError) {
    transport?.setHeader?.('Retry-After', String(error.retryAfter ?? 5));
  } else {
    return error;
  }
  if (options.errorFormat === 'problem') transport?.setHeader?.('Content-Type', 'application/problem+json');
  return new AccessTokenException(error, options);
}
