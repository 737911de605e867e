import { type FetchTracer, recordError } from './trace-fetch.ts';

/** An operation of a client. It contains no data of a user. */
export interface Operation {
  /** The name of the function. */
  readonly name:
    | 'discover'
    | 'createAuthorizationRequest'
    | 'validateAuthorizationResponse'
    | 'exchangeCode'
    | 'refreshTokens'
    | 'fetchUserinfo'
    | 'fetchOAuth2User'
    | 'introspectToken'
    | 'revokeToken'
    | 'requestClientCredentials'
    | 'requestDeviceAuthorization'
    | 'pollDeviceAuthorization'
    | 'exchangeToken'
    | 'exchangeAssertion'
    | 'validateLogoutToken'
    | 'createEndSessionUrl';
  /** The issuer identifier of the provider. */
  readonly issuer: string;
  /** The client identifier. */
  readonly clientId: string;
}

/** Runs an operation inside a span. It must return the result of `run`, or throw its error. */
export type OperationTrace = <T>(operation: Operation, run: () => Promise<T>) => Promise<T>;

/** `SpanKind.INTERNAL` of OpenTelemetry. */
const internalKind = 0;

/**
 * Creates an OpenTelemetry span for each operation of a client. With `traceFetch()`, the requests to the provider are
 * child spans. A span contains the operation, the issuer, the client ID and an error code. It contains no parameter,
 * token, claim or message.
 *
 * @param tracer a tracer of `@opentelemetry/api`
 * @returns the option `traceOperation` of `createClient()`
 * @see https://opentelemetry.io/docs/specs/semconv/general/trace/
 * @example
 * ```ts
 * import { trace } from '@opentelemetry/api';
 * import { createClient, traceFetch, traceOperations } from '@countersign/core';
 *
 * const tracer = trace.getTracer('my-app');
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   fetch: traceFetch(tracer),
 *   traceOperation: traceOperations(tracer),
 * });
 * ```
 */
export function traceOperations(tracer: FetchTracer): OperationTrace {
  return ({ name, issuer, clientId }, run) => {
    const attributes = { 'countersign.issuer': issuer, 'countersign.client_id': clientId };
    return tracer.startActiveSpan(name, { kind: internalKind, attributes }, async (span) => {
      try {
        return await run();
      } catch (error) {
        recordError(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}
