import type { ArgumentsHost } from '@nestjs/common';
import { type Emitter, headersOf, type Transport } from './transport.ts';

/** Finds the value of the `authorization` header of a message, such as `Bearer ...`; `undefined` where there is none. */
export type RpcCredentials = (data: unknown, context: unknown) => string | undefined;

/** The metadata of a gRPC call; nothing that came as JSON has functions. */
interface GrpcMetadata {
  get(name: string): unknown;
  getMap(): unknown;
}

/** A gRPC call. One that streams outlives its first message. */
interface GrpcCall extends Emitter {
  readonly metadata?: unknown;
  readonly write?: unknown;
  readonly read?: unknown;
  emit?(event: 'error', error: object): void;
}

/** The status of gRPC for "UNAUTHENTICATED". */
const unauthenticated = 16;

/** A message of a microservice. */
export function rpcTransport(host: ArgumentsHost, credentials: RpcCredentials): Transport | undefined {
  const [data, context, call] = host.getArgs<unknown[]>();
  // Every transport of Nest makes a context for each message.
  const carrier = [context, data].find((each): each is object => typeof each === 'object' && each !== null);
  if (!carrier) return undefined;
  const metadata = grpcMetadataOf(data, context);
  const stream = metadata && streamOf(isGrpcMetadata(context) ? call : data);
  return {
    kind: 'rpc',
    grpc: metadata !== undefined,
    carrier,
    invocation: carrier,
    request: () => {
      const authorization = credentials(data, context);
      return { headers: authorization === undefined ? {} : { authorization } };
    },
    ...(stream && {
      close: (_code, details) => stream.emit?.('error', { code: unauthenticated, details }),
      // The handler has the call itself, and so nobody but the handler would end it.
      refuse: stream === data ? (refusal) => stream.emit?.('error', refusal) : undefined,
      onClosed: (listener) => stream.once?.('close', listener),
    }),
  };
}

function streamOf(call: unknown): GrpcCall | undefined {
  const { write, read } = (call ?? {}) as GrpcCall;
  return typeof write === 'function' || typeof read === 'function' ? (call as GrpcCall) : undefined;
}

/** Handlers have (data, metadata, call); those of `@GrpcStreamCall()` the call alone. */
function grpcMetadataOf(data: unknown, context: unknown): GrpcMetadata | undefined {
  return [context, (data as GrpcCall | null | undefined)?.metadata].find(isGrpcMetadata);
}

function isGrpcMetadata(value: unknown): value is GrpcMetadata {
  const { get, getMap } = (value ?? {}) as Partial<GrpcMetadata>;
  return typeof get === 'function' && typeof getMap === 'function';
}

interface MessageContext {
  readonly getMessage?: () => unknown;
  readonly getHeaders?: () => unknown;
  readonly getPacket?: () => unknown;
  readonly getMetadata?: () => unknown;
}

/**
 * The `authorization` of gRPC metadata, of the headers of a Kafka, NATS, RabbitMQ or MQTT message, or of the metadata
 * that clients of Nest 12 add to messages of TCP and Redis, which have no headers. Of several in one message none counts.
 *
 * @see RFC 6750 section 2.1
 */
export function rpcCredentials(data: unknown, context: unknown): string | undefined {
  const metadata = grpcMetadataOf(data, context);
  if (metadata) return first(metadata.get('authorization'));
  if (typeof context !== 'object' || context === null) return undefined;
  const { getMessage, getHeaders, getPacket, getMetadata } = context as MessageContext;
  if (typeof getHeaders === 'function') {
    const headers = getHeaders.call(context) as { get?(name: string): unknown } | undefined;
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
  if (typeof getMetadata === 'function') return headersOf(getMetadata.call(context)).authorization;
  return undefined;
}

/** One value; of several, none, since it could not be known which counts. */
function first(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.length === 1 && typeof list[0] === 'string' && list[0] !== '' ? list[0] : undefined;
}
