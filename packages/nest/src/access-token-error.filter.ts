import { AccessTokenError } from '@countersign/core/api';
import { type ArgumentsHost, Catch, Inject } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';
import { messageOf, toHttpException } from './exceptions.ts';
import type { GuardOptions } from './guard-options.ts';
import { GUARD_OPTIONS } from './tokens.ts';
import { transportOf } from './transport/index.ts';

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
@Catch(AccessTokenError)
export class AccessTokenErrorFilter extends BaseExceptionFilter {
  readonly #options: GuardOptions;

  constructor(@Inject(GUARD_OPTIONS) options: GuardOptions) {
    super();
    this.#options = options;
  }

  /** Writes status, challenges and body in the words of the context. */
  override catch(error: AccessTokenError, host: ArgumentsHost): unknown {
    const transport = transportOf(host);
    switch (host.getType<string>()) {
      case 'http':
        return super.catch(toHttpException(error, transport, this.#options), host);
      case 'ws':
        return sendException(host.getArgByIndex(0), messageOf(error, transport));
      case 'rpc':
        return throwError(() => messageOf(error, transport)) as Observable<never>;
      default:
        throw toHttpException(error, transport, this.#options);
    }
  }
}

/** As Nest's own filter for gateways does: plain WebSockets have `emit` too, but only for themselves. */
function sendException(client: MessageClient, data: unknown): void {
  if (typeof client.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data }));
  else client.emit?.('exception', data);
}
