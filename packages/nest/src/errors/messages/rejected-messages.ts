import { type ExecutionContext, HttpException } from '@nestjs/common';
import type { GuardOptions } from '../../guard-options.ts';
import { writeLogLine } from '../limited-log.ts';
import { isInstance, logUnexpectedError } from '../unexpected-errors.ts';
import { isKafkaEvent } from './kafka-events.ts';

/** Thrown for an event of Kafka that is rejected and must not be delivered again. Its filter completes the event. */
export class RejectedEvent extends Error {
  override readonly name = 'RejectedEvent';
}

/**
 * Settles a rejected message, and returns the exception that rejects it.
 *
 * A rejection is final, so an event of Kafka is consumed. With 503 it is not consumed: the token may be valid, so Kafka
 * delivers the event again.
 */
export async function settleRejectedMessage(
  exception: unknown,
  context: ExecutionContext,
  { options, name }: { readonly options: GuardOptions; readonly name: string },
): Promise<unknown> {
  if (context.getType<string>() !== 'rpc') return exception;
  const status = readStatus(exception);
  try {
    await options.onRejectedMessage?.(context.getArgByIndex(1), { status });
  } catch (error) {
    logUnexpectedError(error, { name });
  }
  if (status === 503 || !isKafkaEvent(context)) return exception;
  logRejectedEvent(name, status);
  return new RejectedEvent(`The event was rejected with status ${status}`);
}

/** Logs the rejection of an event, because an event has no response that could contain it. */
export function logRejectedEvent(name: string, status: number): void {
  const text = `${name}: rejected an event with status ${status}; it is not delivered again`;
  writeLogLine('warn', { kind: text, text });
}

function readStatus(exception: unknown): number {
  if (isInstance(exception, HttpException)) return exception.getStatus();
  const { getError } = (exception ?? {}) as { getError?: () => unknown };
  const body = typeof getError === 'function' ? getError.call(exception) : undefined;
  const { statusCode } = (body ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 403;
}
