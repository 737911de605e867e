import type { ArgumentsHost } from '@nestjs/common';
import { compiledFields, endedSubscriptions } from '../../module-state.ts';
import { addCloseListener } from '../close-listeners.ts';
import { holdSocket, type PausableSocket } from '../hold/hold-socket.ts';
import { type HttpResponse, HttpTransport } from '../http/http-transport.ts';
import {
  type HttpRequest,
  type NodeRequest,
  toHandshakeRequest,
  toResourceRequest,
} from '../http/node-request.ts';
import { type Emitter, isClosed, type LongLivedStream, readHeaders, type Transport } from '../transport.ts';
import { findWebSocket, type WebSocketServer } from '../websocket/find-web-socket.ts';
import { checkOperation } from './graphql-operation.ts';

/** The position of a field in an operation. It links to the position of the field above. */
interface FieldPath {
  readonly prev?: FieldPath | undefined;
  /** The name of the field in the response, or the index in a list. */
  readonly key?: unknown;
  /** `graphql` sets it, even to `undefined`. Compiled queries do not have it. */
  readonly typename?: unknown;
}

/** The part of GraphQL's `info` that this package uses. */
interface FieldInfo {
  readonly path?: FieldPath;
  readonly operation?: { readonly operation?: unknown };
  /** Each execution of an operation creates this object. */
  readonly variableValues?: unknown;
}

/** A field of an operation. Many fields share a request, and each can have its own guard. */
type Field = Pick<Transport, 'ancestors'> & {
  readonly invocationKey: object | undefined;
  readonly info: FieldInfo;
};

/** The context that `graphql-ws` creates for a connection. */
interface ConnectionContext {
  readonly connectionParams?: unknown;
  readonly extra: {
    readonly socket?: Emitter & PausableSocket & { close(code: number, reason: string): void };
    readonly request?: NodeRequest;
  };
}

/** Fastify's request. `ws` is true if it opened a WebSocket. */
interface FastifyRequest extends HttpRequest {
  readonly ws?: boolean;
}

/** The request of Apollo on Express, which links to its response. */
type GraphqlRequest = FastifyRequest & { readonly res?: HttpResponse };

interface GraphqlContext {
  readonly req?: GraphqlRequest | ConnectionContext;
  readonly res?: HttpResponse;
  /** With Mercurius: Fastify's response, which links to the request. */
  readonly reply?: HttpResponse & { readonly request?: GraphqlRequest };
  readonly request?: GraphqlRequest;
  /** With Mercurius: the parameters of `connection_init`. */
  readonly _connectionInit?: unknown;
  /** With Mercurius: the Fastify instance, to which `@fastify/websocket` adds its server. */
  readonly app?: { readonly websocketServer?: WebSocketServer };
}

/**
 * Creates the transport of a query, mutation or subscription. Resolvers receive (root, args, context, info), reference
 * resolvers receive (root, context, info).
 */
export function createGraphqlTransport(host: ArgumentsHost): Transport | undefined {
  const args = host.getArgs<unknown[]>();
  const context = (args.length === 3 ? args[1] : args[2]) as GraphqlContext | null | undefined;
  const request = findRequest(context);
  if (!request) return undefined;
  const field = readField(args.length === 3 ? args[2] : args[3], context);
  const connection = createConnection(request, context, field);
  if (connection) return connection;
  if (isConnectionContext(request) || typeof request.headers !== 'object') return undefined;
  if (isUpgradeRequest(request)) return createUpgradeTransport(request, field);
  return new FieldTransport(request, context?.res ?? context?.reply ?? request.res, field);
}

/** Creates the transport of the WebSocket to which a GraphQL context belongs. `undefined` for an operation over HTTP. */
export function createGraphqlConnection(value: object): Transport | undefined {
  const context = value as GraphqlContext;
  const request = findRequest(context);
  return request && createConnection(request, context, readField(undefined, context));
}

/** @throws ConfigurationError `invalid_option` if the request is of another operation */
function findRequest(context: GraphqlContext | null | undefined): GraphqlContext['req'] {
  const request = context?.req ?? context?.request ?? context?.reply?.request;
  if (!context || typeof request !== 'object' || request === null) return undefined;
  checkOperation(context, request);
  return request;
}

function createConnection(
  request: GraphqlRequest | ConnectionContext,
  context: GraphqlContext | null | undefined,
  field: Field,
): Transport | undefined {
  if (isConnectionContext(request)) return createGraphqlWsTransport(request, field);
  const isMercurius =
    request.ws === true || (isUpgradeRequest(request) && context?._connectionInit !== undefined);
  return isMercurius && typeof request.headers === 'object'
    ? createMercuriusTransport(request, context, field)
    : undefined;
}

/** Whether a request has opened a WebSocket. Node sets the property by its parser, not by a header alone. */
const isUpgradeRequest = (request: HttpRequest): boolean => (request.raw ?? request).upgrade === true;

/**
 * The transport of a context of the application that has only the upgrade request of its connection. The WebSocket is
 * not known, so the connection is closed without a close code.
 */
function createUpgradeTransport(request: HttpRequest, field: Field): Transport {
  const { raw = request } = request;
  const socket = raw.socket as (Emitter & { destroy?(): void }) | undefined;
  return {
    kind: 'graphql',
    requestKey: raw,
    invocationKey: field.invocationKey ?? raw,
    ancestors: field.ancestors,
    operationKey: readOperation(field.info),
    trackSubscription: createSubscriptionTracker(field),
    request: () => toResourceRequest(request),
    close: () => socket?.destroy?.(),
    onClosed: (listener) => void addCloseListener(socket, listener),
    isClosed: () => socket && isClosed(socket),
  };
}

/** A field of an operation over HTTP. */
class FieldTransport extends HttpTransport {
  readonly ancestors: Transport['ancestors'];
  readonly #field: Field;

  constructor(request: HttpRequest, response: HttpResponse | undefined, field: Field) {
    super(request, response, 'graphql');
    this.#field = field;
    this.ancestors = field.ancestors;
  }

  /**
   * A context of the application may contain an object that it creates once for a connection. Only a request of Node is
   * certainly for one operation.
   */
  get isReusable(): boolean {
    const { requestKey } = this;
    return typeof (requestKey.raw ?? requestKey).upgrade !== 'boolean';
  }

  override get invocationKey(): object {
    return this.#field.invocationKey ?? this.requestKey;
  }

  /** Only a subscription over HTTP has a response that can outlive its token. */
  override get responseStream(): LongLivedStream | undefined {
    return isSubscription(this.#field) ? super.responseStream : undefined;
  }
}

const isSubscription = ({ info }: Field): boolean => info.operation?.operation === 'subscription';

/**
 * A subscription runs until its stream ends: the client decides which identifiers the library knows. The fields below it
 * are resolved for each event, and then checked with the current token.
 */
function createSubscriptionTracker(field: Field): Transport['trackSubscription'] {
  const path = readFieldPath(field.info);
  if (!isSubscription(field) || path?.prev) return undefined;
  return () => () => !path || !endedSubscriptions.has(path);
}

/** Reads the position of a field, an object that each operation creates, from GraphQL's `info`. */
export function readFieldPath(info: unknown): FieldPath | undefined {
  const { path } = (typeof info === 'object' && info !== null ? info : {}) as FieldInfo;
  return typeof path === 'object' && path !== null ? path : undefined;
}

/** Reads an object that each execution of an operation creates, and that its fields share. */
const readOperation = ({ variableValues }: FieldInfo): object | undefined =>
  typeof variableValues === 'object' && variableValues !== null ? variableValues : undefined;

function readField(value: unknown, context: object | null | undefined): Field {
  const info = (typeof value === 'object' && value !== null ? value : {}) as FieldInfo;
  const path = readFieldPath(value);
  const toKey = path && context && !('typename' in path) ? createPathKeys(context, info) : undefined;
  return {
    info,
    invocationKey: path && toKey ? toKey(path) : path,
    *ancestors() {
      for (let each = path?.prev; each; each = each.prev) yield toKey ? toKey(each) : each;
    },
  };
}

/**
 * Creates a function that returns the same object for equal positions in one execution. `graphql` links a position to
 * that of the field above. Compiled queries, such as those of Mercurius with the option `jit`, create all positions
 * again for each field.
 */
function createPathKeys(context: object, info: FieldInfo): (path: FieldPath) => object {
  const execution = readOperation(info) ?? context;
  const executions = getOrAdd(compiledFields, context, () => new WeakMap<object, Map<string, object>>());
  const keys = getOrAdd(executions, execution, () => new Map<string, object>());
  return (path) => getOrAdd(keys, formatPath(path), () => ({}));
}

function formatPath(path: FieldPath): string {
  const keys: unknown[] = [];
  for (let each: FieldPath | undefined = path; each; each = each.prev) keys.push(each.key);
  return JSON.stringify(keys);
}

function getOrAdd<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  create: () => Value,
): Value {
  const cachedValue = map.get(key);
  if (cachedValue !== undefined) return cachedValue;
  const value = create();
  map.set(key, value);
  return value;
}

const isConnectionContext = (request: HttpRequest | ConnectionContext): request is ConnectionContext =>
  'extra' in request && typeof request.extra === 'object' && request.extra !== null;

function createGraphqlWsTransport(context: ConnectionContext, field: Field): Transport {
  const { request, socket } = context.extra;
  const { authorization } = readHeaders(context.connectionParams);
  return {
    kind: 'graphql',
    requestKey: context,
    invocationKey: field.invocationKey ?? context,
    ancestors: field.ancestors,
    operationKey: readOperation(field.info),
    trackSubscription: createSubscriptionTracker(field),
    request: () => toHandshakeRequest(request, authorization),
    close: (code, reason) => socket?.close(code, reason),
    onClosed: (listener) => void addCloseListener(socket, listener),
    isClosed: () => socket && isClosed(socket),
    hold: () => holdSocket(socket),
  };
}

/** Mercurius exposes the upgrade request but not the WebSocket, which is found in the server of `@fastify/websocket`. */
function createMercuriusTransport(
  request: FastifyRequest,
  context: GraphqlContext | null | undefined,
  field: Field,
): Transport {
  const { raw = request } = request;
  const socket = raw.socket as (Emitter & { destroy?(): void }) | undefined;
  const parameters = context?._connectionInit ?? {};
  const { headers = parameters } = parameters as { readonly headers?: unknown };
  const { authorization } = readHeaders(headers);
  return {
    kind: 'graphql',
    requestKey: request,
    invocationKey: field.invocationKey ?? request,
    ancestors: field.ancestors,
    operationKey: readOperation(field.info),
    trackSubscription: createSubscriptionTracker(field),
    request: () => toHandshakeRequest(toSentRequest(raw), authorization),
    close: (code, reason) => {
      const webSocket = findWebSocket(socket, context?.app?.websocketServer);
      if (webSocket) webSocket.close(code, reason);
      // If a version of a library hides the WebSocket, the connection still ends.
      else socket?.destroy?.();
    },
    onClosed: (listener) => void addCloseListener(socket, listener),
    isClosed: () => socket && isClosed(socket),
    hold: () => holdSocket(findWebSocket(socket, context?.app?.websocketServer)),
  };
}

/**
 * Keeps only the headers that were sent with the handshake. Before a subscription, Mercurius adds the client's
 * parameters to them, and a parameter could imitate the header of a trusted proxy (RFC 8705 section 4, RFC 9440
 * section 4).
 */
function toSentRequest({ method, url, headers, rawHeaders = [], socket }: NodeRequest): NodeRequest {
  const sentNames = new Set(
    rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
  );
  const sentHeaders = Object.entries(headers).filter(([name]) => sentNames.has(name));
  return { method, url, headers: Object.fromEntries(sentHeaders), rawHeaders, socket };
}
