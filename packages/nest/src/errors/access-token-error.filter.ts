import { AccessTokenError } from '@countersign/core/resource-server';
import { type ArgumentsHost, Catch, type HttpException, Inject } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, of, throwError } from 'rxjs';
import type { GuardOptions } from '../guard-options.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { transportOf } from '../transport/find-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { messageOf, toHttpException } from './exceptions.ts';
import { isKafkaEvent } from './kafka-events.ts';
import { logRefusedEvent, RefusedEvent } from './rejected-messages.ts';

interface MessageClient {
  readonly readyState?: unknown;
  readonly send?: (text: string) => void;
  readonly emit?: (event: string, data: unknown) => void;
}

/**
 * Answers a refusal that a handler or service throws itself, as the guard would. `AuthModule` applies it everywhere.
 *
 * @see RFC 6750 section 3
 */
@Catch(AccessTokenError, RefusedEvent)
export class AccessTokenErrorFilter extends BaseExceptionFilter {
  readonly #options: GuardOptions;

  constructor(@Inject(GUARD_OPTIONS) options: GuardOptions) {
    super();
    this.#options = options;
  }

  /** Writes status, challenges and body in the words of the context. */
  override catch(error: AccessTokenError | RefusedEvent, host: ArgumentsHost): unknown {
    // Nest waits for a value of an event's handler.
    if (error instanceof RefusedEvent) return of(undefined);
    const transport = findTransport(host);
    switch (host.getType<string>()) {
      case 'http':
        return this.#answer(toHttpException(error, transport, this.#options), host);
      case 'ws':
        return sendException(host.getArgByIndex(0), messageOf(error, transport));
      case 'rpc':
        if (isKafkaEvent(host)) {
          logRefusedEvent('AccessTokenErrorFilter', error.status);
          return of(undefined);
        }
        return answerMessage(messageOf(error, transport), transport);
      default:
        throw toHttpException(error, transport, this.#options);
    }
  }

  #answer(exception: HttpException, host: ArgumentsHost): void {
    if (this.httpAdapterHost) {
      super.catch(exception, host);
      return;
    }
    // On a class that handles messages and requests the filter stands without Nest's adapter.
    const response = host.getArgByIndex<HttpAnswer>(1);
    if (response.headersSent === true || response.sent === true) response.end?.();
    else response.status(exception.getStatus()).send(exception.getResponse());
  }
}

/** The part of the responses of Express and Fastify that is used. */
interface HttpAnswer {
  /** Express. */
  readonly headersSent?: boolean;
  /** Fastify. */
  readonly sent?: boolean;
  end?(): unknown;
  status(code: number): { send(body: unknown): unknown };
}

function findTransport(host: ArgumentsHost): Transport | undefined {
  try {
    return transportOf(host);
  } catch {
    // A refusal that cannot be written into its context is a refusal all the same.
    return undefined;
  }
}

function answerMessage(refusal: object, transport: Transport | undefined): Observable<unknown> {
  if (!transport?.refuse) return throwError(() => refusal);
  // Nest does not handle an error that is returned for a `@GrpcStreamCall()`, and then the process ends.
  transport.refuse(refusal);
  return of(undefined);
}

/** As Nest's own filter for gateways does: plain WebSockets have `emit` too, but only for themselves. */
function sendException(client: MessageClient, data: unknown): void {
  if (typeof client.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data }));
  else client.emit?.('exception', data);
}
