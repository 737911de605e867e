import { AccessTokenError, TransportError } from '@countersign/core/resource-server';
import { HttpException, InternalServerErrorException } from '@nestjs/common';
import type { GuardOptions } from '../guard-options.ts';
import type { Transport } from '../transport/transport.ts';
import { isInstance, isRefusal, logUnforeseen, refusalOf } from './unexpected-errors.ts';

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

/** Where something was thrown. */
export interface Thrown {
  readonly transport: Transport | undefined;
  readonly options: GuardOptions;
  /** The handler, for the log. */
  readonly name: string;
  /** True after the credential was verified: what is thrown then says nothing about the token. */
  readonly verified: boolean;
}

/**
 * The exception that a refusal's context understands. Whatever was thrown becomes a refusal:
 *
 * - a refusal of the verifier stays what it is
 * - what a policy throws on purpose (an exception of Nest) stays what it is
 * - everything else is logged, and is 401 `invalid_token` while the credential is verified, and 500 after that
 */
export async function toException(error: unknown, thrown: Thrown): Promise<unknown> {
  const { transport, options, name, verified } = thrown;
  const isMessage = transport?.kind === 'ws' || transport?.kind === 'rpc';
  if (verified && !isRefusal(error)) {
    if (!isIntended(error)) logUnforeseen(error, { name, transport });
    else if (!transport?.refuse) return error;
    const status = isInstance(error, HttpException) ? error.getStatus() : 500;
    return isMessage ? messageException(failure(status), transport) : new InternalServerErrorException();
  }
  const refusal = refusalOf(error, { name, transport });
  return isMessage
    ? messageException(describe(refusal), transport)
    : toHttpException(refusal, transport, options);
}

/** Exceptions of Nest and GraphQL have a text that is meant for the client. */
function isIntended(error: unknown): boolean {
  try {
    if (error instanceof HttpException) return true;
    if (!(error instanceof Error)) return false;
    return error.name === 'GraphQLError' || typeof (error as { getError?: unknown }).getError === 'function';
  } catch {
    return false;
  }
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
  const setHeader = findSetter(transport);
  if (setHeader) {
    setHeaders(setHeader, format === 'problem' ? [...headers, problemType] : headers);
  } else if (isGraphql && !transport.close) {
    // Apollo on Fastify keeps the response to itself, and takes headers from errors.
    const http = { headers: new Map(headers.map(([name, value]) => [name, [value].flat().join(', ')])) };
    Object.assign(exception, { extensions: { http } });
  }
  return exception;
}

type HeaderLine = readonly [name: string, value: string | readonly string[]];

const problemType: HeaderLine = ['Content-Type', 'application/problem+json'];

/** A request that cannot be read is refused all the same. */
function findSetter(transport: Transport | undefined): Transport['setHeader'] {
  try {
    return transport?.setHeader;
  } catch {
    return undefined;
  }
}

function setHeaders(setHeader: NonNullable<Transport['setHeader']>, headers: readonly HeaderLine[]): void {
  try {
    for (const [name, value] of headers) setHeader(name, value);
  } catch {
    // The answer has begun, and Nest ends it: a refusal without its headers is still a refusal.
  }
}

function headersOf(error: Refused): HeaderLine[] {
  if (error instanceof TransportError) return [['Retry-After', String(error.retryAfter ?? 5)]];
  const others = Object.entries(error.headers);
  return error.challenges.length > 0 ? [['WWW-Authenticate', error.challenges], ...others] : others;
}

/** Gateways and microservices have exceptions of their own, in packages that only those who use them have. */
async function messageException(said: Description, transport: Transport): Promise<unknown> {
  const body = bodyOf(said, transport);
  if (transport.refuse) {
    transport.refuse(body);
    // What is thrown for a `@GrpcStreamCall()` becomes an unhandled rejection, and that ends the process.
    return new Promise(() => {});
  }
  try {
    if (transport.kind === 'ws') return new (await import('@nestjs/websockets')).WsException(body);
    return new (await import('@nestjs/microservices')).RpcException(body);
  } catch {
    return new HttpException(body, said.status);
  }
}

/**
 * Status codes of gRPC for those of HTTP: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INTERNAL,
 * UNAVAILABLE.
 */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 500: 13, 503: 14 };

/** A refusal for those who do not speak HTTP. */
export const messageOf = (error: Refused, transport: Transport | undefined): object =>
  bodyOf(describe(error), transport);

function bodyOf({ status, code, message }: Description, transport: Transport | undefined): object {
  return transport?.grpc
    ? { code: grpcCodes[status] ?? 13, message, details: message }
    : { status: 'error', statusCode: status, code, message };
}

/** What is said to the caller. */
interface Description {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly message: string;
}

/** That an issuer is unavailable is not said to the caller. */
function describe(error: Refused): Description {
  const status = error instanceof AccessTokenError ? error.status : 503;
  const message =
    error instanceof AccessTokenError ? error.message : 'Access tokens cannot be verified at the moment';
  return { status, title: titles[status] ?? 'Error', code: error.code, message };
}

/** The caller learns nothing of an unforeseen exception. */
const failure = (status: number): Description => ({
  status,
  title: titles[status] ?? 'Error',
  code: status === 500 ? 'server_error' : 'access_denied',
  message: status === 500 ? 'Internal server error' : 'This is not allowed',
});
