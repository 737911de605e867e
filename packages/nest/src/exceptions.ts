import { AccessTokenError, TransportError } from '@countersign/core/api';
import { HttpException } from '@nestjs/common';
import type { GuardOptions } from './guard-options.ts';
import type { Transport } from './transport/transport.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

type Refused = AccessTokenError | TransportError;

/** A refusal as Nest's own kind of exception, so that the application's exception filters format it as they do others. */
export class AccessTokenException extends HttpException {
  /** The code of the refusal, for example `insufficient_scope`. */
  readonly code: string;

  constructor(error: Refused, format: 'nest' | 'problem') {
    const { status, title, message } = describe(error);
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

/**
 * The exception that a refusal's context understands.
 *
 * @returns the error itself when it is no refusal
 */
export async function toException(
  error: unknown,
  transport: Transport | undefined,
  options: GuardOptions,
): Promise<unknown> {
  if (!(error instanceof AccessTokenError || error instanceof TransportError)) return error;
  if (transport?.kind === 'ws' || transport?.kind === 'rpc') return messageException(error, transport.kind);
  return toHttpException(error, transport, options);
}

/**
 * Sets the headers of a refusal and makes its exception. Headers are set at once, so that they are there whichever
 * exception filter writes the body.
 */
export function toHttpException(
  error: Refused,
  transport: Transport | undefined,
  options: GuardOptions,
): AccessTokenException {
  setHeaders(error, transport);
  const format = transport?.kind === 'graphql' ? 'nest' : (options.errorFormat ?? 'nest');
  if (format === 'problem') transport?.setHeader?.('Content-Type', 'application/problem+json');
  return new AccessTokenException(error, format);
}

function setHeaders(error: Refused, transport: Transport | undefined): void {
  if (error instanceof TransportError) {
    transport?.setHeader?.('Retry-After', String(error.retryAfter ?? 5));
    return;
  }
  if (error.challenges.length > 0) transport?.setHeader?.('WWW-Authenticate', error.challenges);
  for (const [name, value] of Object.entries(error.headers)) transport?.setHeader?.(name, value);
}

/** Gateways and microservices have exceptions of their own, in packages that only those who use them have. */
async function messageException(error: Refused, kind: 'ws' | 'rpc'): Promise<unknown> {
  const { status: statusCode, message } = describe(error);
  const body = { status: 'error', statusCode, code: error.code, message };
  try {
    if (kind === 'ws') return new (await import('@nestjs/websockets')).WsException(body);
    return new (await import('@nestjs/microservices')).RpcException(body);
  } catch {
    return new AccessTokenException(error, 'nest');
  }
}

/** What is said to the caller; that an issuer is out of reach is nobody's business but ours. */
export function describe(error: Refused): { status: number; title: string; message: string } {
  const status = error instanceof AccessTokenError ? error.status : 503;
  const message =
    error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
  return { status, title: titles[status] ?? 'Error', message };
}
