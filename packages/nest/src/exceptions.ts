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

/** What a verifier throws for a request that is not let in. */
type Refused = AccessTokenError | TransportError;

/**
 * A refusal as Nest's own kind of exception, so that the application's exception filters format it as they do others.
 * Its status is 400, 401, 403, or 503 when tokens cannot be verified at the moment; its cause is the refusal itself.
 *
 * @see RFC 6750 section 3.1, RFC 9457
 */
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
  if (transport?.kind === 'ws' || transport?.kind === 'rpc') return messageException(error, transport);
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
  const isGraphql = transport?.kind === 'graphql';
  const format = isGraphql ? 'nest' : (options.errorFormat ?? 'nest');
  const exception = new AccessTokenException(error, format);
  const headers = headersOf(error);
  if (transport?.setHeader) {
    for (const [name, value] of headers) transport.setHeader(name, value);
    if (format === 'problem') transport.setHeader('Content-Type', 'application/problem+json');
  } else if (isGraphql && !transport.close) {
    // Apollo on Fastify keeps the response to itself, and takes headers from errors.
    const http = { headers: new Map(headers.map(([name, value]) => [name, [value].flat().join(', ')])) };
    Object.assign(exception, { extensions: { http } });
  }
  return exception;
}

function headersOf(error: Refused): [name: string, value: string | readonly string[]][] {
  if (error instanceof TransportError) return [['Retry-After', String(error.retryAfter ?? 5)]];
  const others = Object.entries(error.headers);
  return error.challenges.length > 0 ? [['WWW-Authenticate', error.challenges], ...others] : others;
}

/** Gateways and microservices have exceptions of their own, in packages that only those who use them have. */
async function messageException(error: Refused, transport: Transport): Promise<unknown> {
  const body = messageOf(error, transport);
  if (transport.refuse) {
    transport.refuse(body);
    // What is thrown for a `@GrpcStreamCall()` becomes an unhandled rejection, and that ends the process.
    return new Promise(() => {});
  }
  try {
    if (transport.kind === 'ws') return new (await import('@nestjs/websockets')).WsException(body);
    return new (await import('@nestjs/microservices')).RpcException(body);
  } catch {
    return new AccessTokenException(error, 'nest');
  }
}

/** Status codes of gRPC for those of HTTP: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 503: 14 };

/** A refusal for those who do not speak HTTP. */
export function messageOf(error: Refused, transport: Transport | undefined): object {
  const { status: statusCode, message } = describe(error);
  return transport?.grpc
    ? { code: grpcCodes[statusCode], message, details: message }
    : { status: 'error', statusCode, code: error.code, message };
}

/** What is said to the caller; that an issuer is out of reach is nobody's business but ours. */
function describe(error: Refused): { status: number; title: string; message: string } {
  const status = error instanceof AccessTokenError ? error.status : 503;
  const message =
    error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
  return { status, title: titles[status] ?? 'Error', message };
}
