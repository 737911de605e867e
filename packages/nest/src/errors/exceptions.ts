import { TransportError } from '@countersign/core/resource-server';
import { HttpException, InternalServerErrorException } from '@nestjs/common';
import type { GuardOptions, RejectionDescription } from '../guard-options.ts';
import type { Transport } from '../transport/transport.ts';
import { AccessTokenException, describeRejection, describeStatus } from './access-token.exception.ts';
import {
  isInstance,
  isRejection,
  logUnexpectedError,
  type Rejection,
  toRejection,
} from './unexpected-errors.ts';

/** Where an exception was thrown. */
export interface ExceptionOptions {
  readonly transport: Transport | undefined;
  readonly options: GuardOptions;
  /** The handler, for the log. */
  readonly name: string;
  /** True after the credential was verified: an exception is then unrelated to the token. */
  readonly isVerified: boolean;
}

/**
 * Converts any thrown value to the exception that its context expects. The result always rejects the request:
 *
 * - a rejection of the verifier keeps its status
 * - an exception of Nest that a policy throws is returned unchanged
 * - any other exception is logged. It becomes 401 `invalid_token` before the credential is verified, and 500 afterwards
 */
export async function toException(error: unknown, exceptionOptions: ExceptionOptions): Promise<unknown> {
  const { transport, options, name, isVerified } = exceptionOptions;
  const isMessage = transport?.kind === 'ws' || transport?.kind === 'rpc';
  if (isVerified && !isRejection(error)) {
    if (!isIntended(error)) logUnexpectedError(error, { name, transport });
    else if (!transport?.reject) return error;
    const status = isInstance(error, HttpException) ? error.getStatus() : 500;
    return isMessage
      ? createMessageException(describeStatus(status), transport)
      : new InternalServerErrorException();
  }
  const rejection = toRejection(error, { name, transport });
  return isMessage
    ? createMessageException(describeRejection(rejection), transport)
    : toHttpException(rejection, transport, options);
}

/** The client may receive the message of an exception of Nest or GraphQL. */
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
 * Sets the headers of a rejection and creates its exception. The headers are set immediately, so that they are present
 * with every exception filter that writes the body.
 */
export function toHttpException(
  error: Rejection,
  transport: Transport | undefined,
  options: GuardOptions,
): AccessTokenException {
  const isGraphql = transport?.kind === 'graphql';
  const format = isGraphql ? 'nest' : (options.errorFormat ?? 'nest');
  const exception = new AccessTokenException(error, format);
  const headers = toHeaderLines(error);
  const setHeader = findSetter(transport);
  if (setHeader) {
    setHeaders(setHeader, format === 'problem' ? [...headers, problemType] : headers);
  } else if (isGraphql && !transport.close) {
    // Apollo on Fastify does not expose the response. It reads headers from errors.
    const http = { headers: new Map(headers) };
    Object.assign(exception, { extensions: { http } });
  }
  return exception;
}

/** Sets the challenges of a rejection, or `Retry-After`. */
export function setRejectionHeaders(error: Rejection, transport: Transport | undefined): void {
  const setHeader = findSetter(transport);
  if (setHeader) setHeaders(setHeader, toHeaderLines(error));
}

type HeaderLine = readonly [name: string, value: string];

const problemType: HeaderLine = ['Content-Type', 'application/problem+json'];

/** A request that cannot be read is rejected as well. */
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
    // The response has started, and Nest ends it. The request is rejected without these headers.
  }
}

function toHeaderLines(error: Rejection): HeaderLine[] {
  if (error instanceof TransportError) {
    // The error can be of another copy of core, or of the application. The constructor checks the value.
    const { retryAfter = 5 } = new TransportError('server_error', '', { retryAfter: error.retryAfter });
    return [['Retry-After', String(retryAfter)]];
  }
  const others = Object.entries(error.headers);
  if (error.challenges.length === 0) return others;
  // One line, because Firefox passes none of several lines to `fetch`.
  return [['WWW-Authenticate', error.challenges.join(', ')], ...others];
}

/** The exceptions of gateways and microservices are in optional packages. */
async function createMessageException(
  description: RejectionDescription,
  transport: Transport,
): Promise<unknown> {
  const body = toMessageBody(description, transport);
  if (transport.reject) {
    transport.reject(body);
    // An exception for a `@GrpcStreamCall()` becomes an unhandled rejection, which ends the process.
    return new Promise(() => {});
  }
  try {
    if (transport.kind === 'ws') return new (await import('@nestjs/websockets')).WsException(body);
    return new (await import('@nestjs/microservices')).RpcException(body);
  } catch {
    return new HttpException(body, description.status);
  }
}

/** Creates the body of a rejection for gateways and microservices. */
export const createRejectionBody = (error: Rejection, transport: Transport | undefined): object =>
  toMessageBody(describeRejection(error), transport);

/**
 * The gRPC status codes for HTTP status codes: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND,
 * INTERNAL, UNAVAILABLE.
 */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 500: 13, 503: 14 };

function toMessageBody(
  { status, code, message }: RejectionDescription,
  transport: Transport | undefined,
): object {
  return transport?.grpc
    ? { code: grpcCodes[status] ?? 13, message, details: message }
    : { status: 'error', statusCode: status, code, message };
}
