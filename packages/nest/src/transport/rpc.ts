import type { ArgumentsHost } from '@nestjs/common';
import { headersOf, type Transport } from './transport.ts';

/** Finds the value of the `authorization` header of a message. */
export type RpcCredentials = (data: unknown, context: unknown) => string | undefined;

/** A message of a microservice. */
export function rpcTransport(host: ArgumentsHost, credentials: RpcCredentials): Transport | undefined {
  const [data, context] = host.getArgs<unknown[]>();
  // Every transport of Nest makes a context for each message.
  const carrier = [context, data].find((each): each is object => typeof each === 'object' && each !== null);
  return (
    carrier && {
      kind: 'rpc',
      carrier,
      request: () => {
        const authorization = credentials(data, context);
        return { headers: authorization === undefined ? {} : { authorization } };
      },
    }
  );
}

interface MetadataContext {
  readonly get?: (name: string) => unknown;
  readonly getMessage?: () => unknown;
  readonly getHeaders?: () => unknown;
  readonly getPacket?: () => unknown;
}

/** The `authorization` of gRPC metadata, or of a Kafka, NATS, RabbitMQ or MQTT message. TCP and Redis have no headers. */
export function rpcCredentials(_data: unknown, context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  const { get, getMessage, getHeaders, getPacket } = context as MetadataContext;
  if (typeof get === 'function') return first(get.call(context, 'authorization'));
  if (typeof getHeaders === 'function') {
    const headers = getHeaders.call(context) as MetadataContext | undefined;
    return typeof headers?.get === 'function'
      ? first(headers.get.call(headers, 'authorization'))
      : headersOf(headers).authorization;
  }
  if (typeof getMessage === 'function') {
    const message = getMessage.call(context) as { headers?: unknown; properties?: { headers?: unknown } };
    return headersOf(message?.headers ?? message?.properties?.headers).authorization;
  }
  if (typeof getPacket === 'function') {
    const packet = getPacket.call(context) as { properties?: { userProperties?: unknown } };
    return headersOf(packet?.properties?.userProperties).authorization;
  }
  return undefined;
}

/** One value; of several, none, since it could not be known which counts. */
function first(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.length === 1 && typeof list[0] === 'string' && list[0] !== '' ? list[0] : undefined;
}
