import { getClientContext } from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { endWithError, type FetchTracer } from './trace-fetch.ts';

/** An operation of a client, by the name of its function. It carries nothing of any user. */
export interface Operation {
  readonly name:
    | 'discover'
    | 'createAuthorizationRequest'
    | 'validateAuthorizationResponse'
    | 'exchangeCode'
    | 'refreshTokens'
    | 'fetchUserinfo'
    | 'introspectToken'
    | 'revokeToken'
    | 'requestClientCredentials'
    | 'requestDeviceAuthorization'
    | 'pollDeviceAuthorization'
    | 'exchangeToken'
    | 'exchangeAssertion'
    | 'validateLogoutToken'
    | 'createEndSessionUrl';
  readonly issuer: string;
  readonly clientId: string;
}

/** Runs an operation inside a span, and hands on what comes of it. */
export type OperationTrace = <T>(operation: Operation, run: () => Promise<T>) => Promise<T>;

const internalKind = 0;

/**
 * Makes a span of OpenTelemetry of every whole operation: `createClient({ traceOperation: traceOperations(tracer) })`.
 * With `traceFetch` its requests to the provider are spans within. A span names the operation, issuer and client, and the
 * code of an error; no parameter, token, claim or message.
 */
export function traceOperations(tracer: FetchTracer): OperationTrace {
  return ({ name, issuer, clientId }, run) => {
    const attributes = { 'countersign.issuer': issuer, 'countersign.client_id': clientId };
    return tracer.startActiveSpan(name, { kind: internalKind, attributes }, async (span) => {
      try {
        return await run();
      } catch (error) {
        endWithError(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

/** Runs an operation, inside a span where the client has a tracer. */
export function traceOperation<T>(
  client: Client,
  name: Operation['name'],
  run: () => Promise<T>,
): Promise<T> {
  const { traceOperation } = getClientContext(client).options;
  const { issuer, clientId } = client;
  return traceOperation ? traceOperation({ name, issuer, clientId }, run) : run();
}
