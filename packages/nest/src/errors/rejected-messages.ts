import { type ExecutionContext, HttpException, Logger } from '@nestjs/common';
import type { GuardOptions } from '../guard-options.ts';
import { isKafkaEvent } from './kafka-events.ts';
import { isInstance, logUnforeseen } from './unexpected-errors.ts';

/** Thrown for an event of Kafka that is refused and must not be delivered again. Its filter ends the event. */
export class RefusedEvent extends Error {
  override readonly name = 'RefusedEvent';
}

const logger = new Logger('AuthModule');

/**
 * Settles a message that is refused, and returns the exception that refuses it.
 *
 * A refusal is final, so an event of Kafka is consumed. With 503 it is not: the token may be good, so Kafka delivers
 * the event again.
 */
export async function settleRejectedMessage(
  exception: unknown,
  context: ExecutionContext,
  { options, name }: { readonly options: GuardOptions; readonly name: string },
): Promise<unknown> {
  if (context.getType<string>() !== 'rpc') return exception;
  const status = statusOf(exception);
  try {
    await options.onRejectedMessage?.(context.getArgByIndex(1), { status });
  } catch (error) {
    logUnforeseen(error, { name });
  }
  if (status === 503 || !isKafkaEvent(context)) return exception;
  logRefusedEvent(name, status);
  return new RefusedEvent(`The event was refused with status ${status}`);
}

/** An event has no answer that could carry the refusal, so the log has it. */
export function logRefusedEvent(name: string, status: number): void {
  try {
    logger.warn(`${name}: refused an event with status ${status}; it is not delivered again`);
  } catch {
    // A logger that throws changes no decision.
  }
}

function statusOf(exception: unknown): number {
  if (isInstance(exception, HttpException)) return exception.getStatus();
  const { getError } = (exception ?? {}) as { getError?: () => unknown };
  const body = typeof getError === 'function' ? getError.call(exception) : undefined;
  const { statusCode } = (body ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 403;
}
