import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { KeptBeside } from '../memo/attached-memo.ts';
import { nestMetadata } from '../nest-metadata.ts';

/** The part of Nest's `KafkaContext` that tells it from other contexts, and the headers of its message. */
interface KafkaContext {
  readonly getTopic?: unknown;
  readonly getPartition?: unknown;
  readonly getHeartbeat?: unknown;
  readonly getMessage?: () => { readonly headers?: Readonly<Record<string, unknown>> } | undefined;
}

/** Nest's `PatternHandler.EVENT`. */
const eventHandler = 2;

/**
 * Whether a message of Kafka is handled as an event: `@EventPattern()` handles it, or it names no topic for a reply.
 *
 * Nest hands an exception for an event to the Kafka client. The client then delivers the message again and no later
 * message of the partition, so one refused event would block the partition.
 */
export function isKafkaEvent(host: ArgumentsHost | ExecutionContext): boolean {
  try {
    const context = host.getArgByIndex<KafkaContext | undefined>(1);
    if (host.getType<string>() !== 'rpc' || !isKafkaContext(context)) return false;
    if (handlersOf(host, context).some(isEventHandler)) return true;
    const headers = context.getMessage?.()?.headers ?? {};
    return !headers.kafka_correlationId || !headers.kafka_replyTopic;
  } catch {
    return false;
  }
}

const isKafkaContext = (context: KafkaContext | null | undefined): context is KafkaContext =>
  typeof context?.getTopic === 'function' &&
  typeof context.getPartition === 'function' &&
  typeof context.getHeartbeat === 'function';

/** An exception filter does not get the handler; the guard has recorded it. */
function handlersOf(host: ArgumentsHost | ExecutionContext, context: object): readonly object[] {
  if ('getHandler' in host) {
    const handler: unknown = host.getHandler();
    if (typeof handler === 'function') return [handler];
  }
  const handlers: object[] = [];
  for (let each = KeptBeside.get(context)?.decisions; each; each = each.next) handlers.push(each.handler);
  return handlers;
}

const isEventHandler = (handler: object): boolean =>
  Reflect.getMetadata(nestMetadata.patternHandler, handler) === eventHandler;
