import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { listDecidedHandlers } from '../../memo/guard-memo.ts';
import { eventPatternHandler, nestMetadata } from '../../nest-metadata.ts';

/** The members that distinguish Nest's `KafkaContext` from other contexts, and the headers of its message. */
interface KafkaContext {
  readonly getTopic?: unknown;
  readonly getPartition?: unknown;
  readonly getHeartbeat?: unknown;
  readonly getMessage?: () => { readonly headers?: Readonly<Record<string, unknown>> } | undefined;
}

/**
 * Whether a message of Kafka is handled as an event: `@EventPattern()` handles it, or it has no reply topic.
 *
 * Nest passes an exception for an event to the Kafka client. The client then delivers the message again and no later
 * message of the partition, so one rejected event would block the partition.
 */
export function isKafkaEvent(host: ArgumentsHost | ExecutionContext): boolean {
  try {
    const context = host.getArgByIndex<KafkaContext | undefined>(1);
    if (host.getType<string>() !== 'rpc' || !isKafkaContext(context)) return false;
    if (findHandlers(host, context).some(isEventHandler)) return true;
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

/** An exception filter does not receive the handler, but the guard has recorded it. */
function findHandlers(host: ArgumentsHost | ExecutionContext, context: object): readonly object[] {
  if ('getHandler' in host) {
    const handler: unknown = host.getHandler();
    if (typeof handler === 'function') return [handler];
  }
  return listDecidedHandlers(context);
}

const isEventHandler = (handler: object): boolean =>
  Reflect.getMetadata(nestMetadata.patternHandler, handler) === eventPatternHandler;
