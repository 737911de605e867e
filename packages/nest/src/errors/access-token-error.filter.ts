import { AccessTokenError, type TransportError } from '@countersign/core/resource-server';
import { type ArgumentsHost, Catch, type HttpException, Inject } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, of, throwError } from 'rxjs';
import type { GuardOptions } from '../guard-options.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { findTransport } from '../transport/find-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { AccessTokenException } from './access-token.exception.ts';
import { createRejectionBody, toHttpException } from './exceptions.ts';
import { isKafkaEvent } from './messages/kafka-events.ts';
import { logRejectedEvent, RejectedEvent } from './messages/rejected-messages.ts';
import { Outage } from './outage.ts';

interface MessageClient {
  readonly readyState?: unknown;
  readonly send?: (text: string) => void;
  readonly emit?: (event: string, data: unknown) => void;
}

/**
 * Sends the response for an `AccessTokenError` that a handler or service throws, and for an outage that the injected
 * verifier or `EntityAccess` reports, in the same form as the guard's rejections. `AuthModule` applies it to the
 * application. Apply it yourself only to a gateway or controller of messages in an application with `globalGuard: false`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @example
 * ```ts
 * @UseGuards(AccessTokenGuard)
 * @UseFilters(AccessTokenErrorFilter)
 * @WebSocketGateway()
 * class ItemsGateway {}
 * ```
 */
@Catch(AccessTokenError, Outage, RejectedEvent)
export class AccessTokenErrorFilter extends BaseExceptionFilter {
  readonly #options: GuardOptions;

  constructor(@Inject(GUARD_OPTIONS) options: GuardOptions) {
    super();
    this.#options = options;
  }

  /** Writes status, challenges and body in the form of the context. */
  override catch(
    error: AccessTokenError | (AccessTokenException & TransportError) | RejectedEvent,
    host: ArgumentsHost,
  ): unknown {
    // Nest waits for a value from the handler of an event.
    if (error instanceof RejectedEvent) return of(undefined);
    const transport = tryFindTransport(host);
    switch (host.getType<string>()) {
      case 'http':
        return this.#sendResponse(toHttpException(error, transport, this.#options), host);
      case 'ws':
        return sendException(host.getArgByIndex(0), createRejectionBody(error, transport));
      case 'rpc':
        // With 503 Kafka delivers the event again.
        if (isKafkaEvent(host) && error instanceof AccessTokenError) {
          logRejectedEvent('AccessTokenErrorFilter', error.status);
          return of(undefined);
        }
        return rejectMessage(createRejectionBody(error, transport), transport);
      default:
        throw toHttpException(error, transport, this.#options);
    }
  }

  #sendResponse(exception: HttpException, host: ArgumentsHost): void {
    if (this.httpAdapterHost) {
      super.catch(exception, host);
      return;
    }
    // On a class that handles both messages and requests, the filter has no HTTP adapter of Nest.
    const response = host.getArgByIndex<WritableResponse>(1);
    if (response.headersSent === true || response.sent === true) response.end?.();
    else response.status(exception.getStatus()).send(exception.getResponse());
  }
}

/** The part of the responses of Express and Fastify that the filter uses. */
interface WritableResponse {
  /** Express. */
  readonly headersSent?: boolean;
  /** Fastify. */
  readonly sent?: boolean;
  end?(): unknown;
  status(code: number): { send(body: unknown): unknown };
}

function tryFindTransport(host: ArgumentsHost): Transport | undefined {
  try {
    return findTransport(host);
  } catch {
    // The rejection is sent without the headers of its context.
    return undefined;
  }
}

function rejectMessage(body: object, transport: Transport | undefined): Observable<unknown> {
  if (!transport?.reject) return throwError(() => body);
  // Nest does not handle an error that is returned for a `@GrpcStreamCall()`, and then the process ends.
  transport.reject(body);
  return of(undefined);
}

/** Sends an exception like Nest's filter for gateways. The `emit` of a plain WebSocket sends nothing. */
function sendException(client: MessageClient, data: unknown): void {
  if (typeof client.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data }));
  else client.emit?.('exception', data);
}
