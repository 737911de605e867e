import type { ArgumentsHost } from '@nestjs/common';
import {
  type HttpRequest,
  type HttpResponse,
  HttpTransport,
  handshakeRequestOf,
  type NodeRequest,
} from './http.ts';
import { type Emitter, headersOf, isClosed, type LongAnswer, type Transport } from './transport.ts';

/** Where a field stands in an operation; each field has the object of the one above it. */
interface FieldPath {
  readonly prev?: FieldPath | undefined;
}

/** What of GraphQL's `info` is used. */
interface FieldInfo {
  readonly path?: FieldPath;
  readonly operation?: { readonly operation?: unknown };
}

/** A field of an operation: many fields share a request, and each has its own guard. */
type Field = Pick<Transport, 'ancestors'> & {
  readonly invocation: object | undefined;
  readonly info: FieldInfo;
};

/** What `graphql-ws` hands on: the context of a connection. */
interface ConnectionContext {
  readonly connectionParams?: unknown;
  readonly extra: {
    readonly socket?: Emitter & { close(code: number, reason: string): void };
    readonly request?: NodeRequest;
  };
}

/** Fastify's request; `ws` says that it opened a WebSocket. */
interface FastifyRequest extends HttpRequest {
  readonly ws?: boolean;
}

interface GraphqlContext {
  readonly req?: FastifyRequest | ConnectionContext;
  readonly res?: HttpResponse;
  /** Mercurius keeps Fastify's response here, and the request in it. */
  readonly reply?: HttpResponse & { readonly request?: FastifyRequest };
  readonly request?: FastifyRequest;
  /** What the client of Mercurius sent in `connection_init`. */
  readonly _connectionInit?: unknown;
  /** Mercurius keeps Fastify itself here; `@fastify/websocket` adds its server. */
  readonly app?: { readonly websocketServer?: { readonly clients?: Iterable<WebSocketOfServer> } };
}

/** A WebSocket of `ws`, and the connection that it speaks over. */
interface WebSocketOfServer {
  readonly _socket?: object;
  close(code: number, reason: string): void;
}

/** A query, mutation or subscription. Resolvers have (root, args, context, info), references (root, context, info). */
export function graphqlTransport(host: ArgumentsHost): Transport | undefined {
  const args = host.getArgs<unknown[]>();
  const context = (args.length === 3 ? args[1] : args[2]) as GraphqlContext | null | undefined;
  const request = context?.req ?? context?.request ?? context?.reply?.request;
  if (typeof request !== 'object' || request === null) return undefined;
  const field = fieldOf(args.length === 3 ? args[2] : args[3]);
  if (isConnection(request)) return graphqlWsTransport(request, field);
  if (typeof request.headers !== 'object') return undefined;
  if (request.ws === true) return mercuriusTransport(request, context, field);
  return new FieldTransport(request, context?.res ?? context?.reply ?? request.res, field);
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

  override get invocation(): object {
    return this.#field.invocation ?? this.carrier;
  }

  /** The events of a subscription, where it is answered over HTTP. */
  override get answer(): LongAnswer | undefined {
    return this.#field.info.operation?.operation === 'subscription' ? super.answer : undefined;
  }
}

function fieldOf(value: unknown): Field {
  const info = (typeof value === 'object' && value !== null ? value : {}) as FieldInfo;
  const path = typeof info.path === 'object' && info.path !== null ? info.path : undefined;
  return {
    info,
    invocation: path,
    *ancestors() {
      for (let each = path?.prev; each; each = each.prev) yield each;
    },
  };
}

const isConnection = (request: HttpRequest | ConnectionContext): request is ConnectionContext =>
  'extra' in request && typeof request.extra === 'object' && request.extra !== null;

function graphqlWsTransport(context: ConnectionContext, field: Field): Transport {
  const { request, socket } = context.extra;
  const { authorization } = headersOf(context.connectionParams);
  return {
    kind: 'graphql',
    carrier: context,
    invocation: field.invocation ?? context,
    ancestors: field.ancestors,
    request: () => handshakeRequestOf(request, authorization),
    close: (code, reason) => socket?.close(code, reason),
    onClosed: (listener) => socket?.once?.('close', listener),
    isClosed: () => socket && isClosed(socket),
  };
}

/** Mercurius shows the request that opened the connection, not the WebSocket: Fastify's server of those has it. */
function mercuriusTransport(
  request: FastifyRequest,
  context: GraphqlContext | null | undefined,
  field: Field,
): Transport {
  const { raw = request } = request;
  const socket = raw.socket as (Emitter & { destroy?(): void }) | undefined;
  const parameters = context?._connectionInit ?? {};
  const { headers = parameters } = parameters as { readonly headers?: unknown };
  const { authorization } = headersOf(headers);
  return {
    kind: 'graphql',
    carrier: request,
    invocation: field.invocation ?? request,
    ancestors: field.ancestors,
    request: () => handshakeRequestOf(asSent(raw), authorization),
    close: (code, reason) => {
      const webSocket = webSocketOver(socket, context);
      if (webSocket) webSocket.close(code, reason);
      // Where it cannot be found the connection is cut: nobody stays because a library has changed.
      else socket?.destroy?.();
    },
    onClosed: (listener) => socket?.once?.('close', listener),
    isClosed: () => socket && isClosed(socket),
  };
}

/**
 * Before a subscription Mercurius puts the client's parameters among the headers of the handshake, where they could
 * pass for what a trusted proxy says (RFC 8705 section 4, RFC 9440 section 4): only headers that were sent count.
 */
function asSent({ method, url, headers, rawHeaders = [], socket }: NodeRequest): NodeRequest {
  const sent = new Set(rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  const own = Object.entries(headers).filter(([name]) => sent.has(name));
  return { method, url, headers: Object.fromEntries(own), rawHeaders, socket };
}

function webSocketOver(
  socket: object | undefined,
  context: GraphqlContext | null | undefined,
): WebSocketOfServer | undefined {
  for (const client of context?.app?.websocketServer?.clients ?? [])
    if (socket !== undefined && client._socket === socket) return client;
  return undefined;
}
