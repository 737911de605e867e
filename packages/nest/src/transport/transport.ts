import type { ResourceRequest, VerifiedAccessToken } from '@countersign/core/resource-server';

/** Reads the credential of a context, and writes its response. */
export interface Transport {
  readonly kind: 'http' | 'graphql' | 'ws' | 'rpc';
  /** True if rejections need a gRPC status. */
  readonly grpc?: boolean;
  /** Sends a rejection where Nest would not pass on an exception. */
  readonly reject?: ((rejection: object) => void) | undefined;
  /** The object that identifies the request or connection. The memo stores verified credentials for it. */
  readonly requestKey: object;
  /** The object that identifies one call of a handler. The memo stores the decision of its guard for it. */
  readonly invocationKey: object;
  /** The object that the fields of a GraphQL operation share. `undefined` if each call is a separate message. */
  readonly operationKey?: object | undefined;
  /** The invocation keys of the GraphQL fields above this one, the nearest first. */
  readonly ancestors?: (() => Iterable<object>) | undefined;
  /** Returns the request, or the handshake of a connection. `undefined` if it is unknown; then access is denied. */
  readonly request: () => ResourceRequest | undefined;
  /** `undefined` if the response is not accessible. */
  readonly setHeader?: ((name: string, value: string) => void) | undefined;
  /** Forbids shared caches to store the response. `undefined` if the context has no HTTP response. */
  readonly setPrivateCaching?: () => void;
  /** True if the request may be an object that the application uses for several operations. */
  readonly isReusable?: boolean;
  /** For a subscription on a connection: creates the function that returns whether it is still running. */
  readonly trackSubscription?: (() => () => boolean) | undefined;
  /** Closes a connection that carries several messages, when its token expires. */
  readonly close?: ((code: number, reason: string) => void) | undefined;
  /** Calls the listener when the connection closes. */
  readonly onClosed?: (listener: () => void) => void;
  /** Whether the connection has closed. `undefined` if that is unknown. */
  readonly isClosed?: () => boolean | undefined;
  /** Stops reading messages from a connection until the returned function is called. */
  readonly hold?: () => () => void;
  /** Saves the user of a connection. Returns false if the connection continues that of another user. */
  readonly confirmHolder?: ((accessToken: VerifiedAccessToken | undefined) => boolean) | undefined;
  /** The response, if it can outlive its token, such as an event stream. */
  readonly responseStream?: LongLivedStream | undefined;
}

/** A response or connection that can outlive its token. */
export interface LongLivedStream {
  /** Ends it. Takes the code and reason of a WebSocket close. */
  readonly end: (code: number, reason: string) => void;
  /** Calls the listener when it has ended for another reason. */
  readonly onEnded?: ((listener: () => void) => void) | undefined;
  /** Whether it has already ended. `onEnded` does not call a listener that is added later. */
  readonly isEnded?: (() => boolean) | undefined;
}

/**
 * Reads headers into a record with lower-case names, like Node's. Skips `null`. A value that is not text becomes a list, and
 * so does a name that occurs twice with different values. The verifier rejects a list, because it is unknown which value a
 * proxy has checked. Without the header, the request would be anonymous.
 */
export function readHeaders(source: unknown): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {};
  if (typeof source !== 'object' || source === null) return headers;
  for (const [name, value] of Object.entries(source)) {
    const text: unknown = value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
    if (text === undefined || text === null) continue;
    const lower = name.toLowerCase();
    const previous = Object.hasOwn(headers, lower) ? headers[lower] : undefined;
    if (typeof text === 'string' && (previous === undefined || previous === text)) {
      headers[lower] = text;
      continue;
    }
    // Changed in place: a copy for each spelling of a name would cost the square of the length of a message.
    const values = Array.isArray(previous) ? previous : previous === undefined ? [] : [previous];
    if (typeof text === 'string') values.push(text);
    headers[lower] = values;
  }
  return headers;
}

/** The value of a header. A list is invalid where one value is expected. */
export type HeaderValue = string | string[];

/** The part of connections and Node's event emitters that this package uses. */
export interface Emitter {
  once?(event: string, listener: () => void): unknown;
  off?(event: string, listener: () => void): unknown;
  /** On a WebSocket: 2 is closing, 3 is closed. */
  readonly readyState?: unknown;
  /** On a connection of Node. */
  readonly destroyed?: boolean;
  /** On a client of socket.io. */
  readonly disconnected?: boolean;
}

/** A client of socket.io, in one namespace. */
export interface NamespaceClient extends Emitter {
  readonly id?: string;
  readonly connected?: boolean;
  /** The connection, which the clients of several namespaces share. */
  readonly conn?: Emitter & { close?(): void };
  /** Its private property contains the clients that a middleware has, by `id`. */
  readonly nsp?: { readonly _preConnectSockets?: ReadonlyMap<unknown, unknown> };
}

/** Whether a connection of any of these kinds has closed. */
export const isClosed = ({ readyState, destroyed, disconnected }: Emitter): boolean =>
  destroyed === true || disconnected === true || readyState === 3;
