import type { ArgumentsHost } from '@nestjs/common';
import { addCloseListener } from './close-listeners.ts';
import { type Emitter, type HeaderValue, readHeaders, type Transport } from './transport.ts';

/**
 * Finds the `authorization` value of a microservice message, such as `Bearer ...`. Returns `undefined` if the message
 * has none.
 *
 * @param data the payload of the message
 * @param context the context of the message, such as Nest's `KafkaContext`
 */
export type RpcCredentials = (data: unknown, context: unknown) => string | undefined;

/** The metadata of a gRPC call. A value that was parsed from JSON has no functions. */
interface GrpcMetadata {
  get(name: string): unknown;
  getMap(): unknown;
}

/** A gRPC call. A streaming call outlives its first message. */
interface GrpcCall extends Emitter {
  readonly metadata?: unknown;
  readonly write?: unknown;
  readonly read?: unknown;
  /** False while messages wait for a client that does not read. */
  readonly writableFinished?: boolean;
  emit?(event: 'error' | 'cancelled', value: unknown): void;
}

/** The gRPC status `UNAUTHENTICATED`. */
const unauthenticatedStatus = 16;

/** Creates the transport of a microservice message. */
export function createRpcTransport(host: ArgumentsHost, credentials: RpcCredentials): Transport | undefined {
  const [data, context, call] = host.getArgs<unknown[]>();
  // The transports of Nest create a context for each message.
  const key = [context, data].find((each): each is object => typeof each === 'object' && each !== null);
  if (!key) return undefined;
  const metadata = findGrpcMetadata(data, context);
  const stream = metadata && findGrpcStream(isGrpcMetadata(context) ? call : data);
  return {
    kind: 'rpc',
    grpc: metadata !== undefined,
    requestKey: key,
    invocationKey: key,
    request: () => {
      const find = credentials === rpcCredentials ? findCredential : credentials;
      const authorization = find(data, context);
      return { headers: authorization === undefined ? {} : { authorization } };
    },
    ...(stream && {
      close: (_code, details) => endStream(stream, { code: unauthenticatedStatus, details }),
      // With `@GrpcStreamCall()` only the handler has the call, so Nest does not end it.
      reject: stream === data ? (rejection) => stream.emit?.('error', rejection) : undefined,
      onClosed: (listener) => void addCloseListener(stream, listener),
    }),
  };
}

/**
 * Ends a streaming call with a status. A client that does not read keeps the call open. Nest unsubscribes from the handler
 * when the call ends, so the call emits `cancelled`.
 */
function endStream(stream: GrpcCall, status: object): void {
  stream.emit?.('error', status);
  // A stream without waiting messages finishes before.
  setImmediate(() => {
    if (stream.writableFinished === false) stream.emit?.('cancelled', 'cancelled');
  });
}

function findGrpcStream(call: unknown): GrpcCall | undefined {
  const { write, read } = (call ?? {}) as GrpcCall;
  return typeof write === 'function' || typeof read === 'function' ? (call as GrpcCall) : undefined;
}

/** Handlers receive (data, metadata, call). Handlers of `@GrpcStreamCall()` receive only the call. */
function findGrpcMetadata(data: unknown, context: unknown): GrpcMetadata | undefined {
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
 * Finds the `authorization` value of a message where clients usually send it. This is the metadata of gRPC, the headers of
 * Kafka, NATS, RabbitMQ and MQTT, and the metadata that clients of Nest 12 add to messages of TCP and Redis. Returns
 * `undefined` if a message has several values. This is the default of the option `rpcCredentials`. Call it to add another
 * place.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * AuthModule.forRoot({
 *   issuer: 'https://login.example.com',
 *   audience: 'https://api.example.com',
 *   rpcCredentials: (data, context) =>
 *     rpcCredentials(data, context) ?? (data as { authorization?: string }).authorization,
 * });
 * ```
 */
export function rpcCredentials(data: unknown, context: unknown): string | undefined {
  const value = findCredential(data, context);
  return typeof value === 'string' ? value : undefined;
}

/** Finds the value, or a list of several values, which the verifier rejects. */
function findCredential(data: unknown, context: unknown): HeaderValue | undefined {
  const metadata = findGrpcMetadata(data, context);
  if (metadata) return toSingleValue(metadata.get('authorization'));
  if (typeof context !== 'object' || context === null) return undefined;
  const { getMessage, getHeaders, getPacket, getMetadata } = context as MessageContext;
  if (typeof getHeaders === 'function') {
    const headers = getHeaders.call(context) as Partial<NatsHeaders> | undefined;
    return isNatsHeaders(headers) ? toSingleValue(listValues(headers)) : readHeaders(headers).authorization;
  }
  if (typeof getMessage === 'function') {
    const message = getMessage.call(context) as { headers?: unknown; properties?: { headers?: unknown } };
    return readHeaders(message?.headers ?? message?.properties?.headers).authorization;
  }
  if (typeof getPacket === 'function') {
    const packet = getPacket.call(context) as { properties?: { userProperties?: unknown } };
    return readHeaders(packet?.properties?.userProperties).authorization;
  }
  if (typeof getMetadata === 'function') return readHeaders(getMetadata.call(context)).authorization;
  return undefined;
}

/** The headers of NATS. `get` returns the first of several values, and distinguishes case. */
interface NatsHeaders {
  get(name: string): unknown;
  keys?(): Iterable<string>;
  values?(name: string): unknown;
}

const isNatsHeaders = (headers: Partial<NatsHeaders> | undefined): headers is NatsHeaders =>
  typeof headers?.get === 'function';

/** Lists the values of every spelling of the header. */
function listValues(headers: NatsHeaders): unknown[] {
  const names = typeof headers.keys === 'function' ? [...headers.keys()] : ['authorization'];
  return names
    .filter((name) => name.toLowerCase() === 'authorization')
    .flatMap((name) => {
      const values = headers.values?.(name);
      // `values()` of a `Map` is an iterator of all its values.
      return Array.isArray(values) ? (values as unknown[]) : [headers.get(name)];
    });
}

/** Returns the only value of a list. Several remain a list, because it is unknown which one is valid. */
function toSingleValue(value: unknown): HeaderValue | undefined {
  const list = [value].flat().filter((each) => each !== undefined && each !== null && each !== '');
  if (list.length === 0) return undefined;
  const [first] = list;
  if (list.length === 1 && typeof first === 'string') return first;
  return list.filter((each) => typeof each === 'string');
}
