import type { ResourceRequest } from '@countersign/core/resource-server';

/** Where a context's credential comes from and where its answer goes. */
export interface Transport {
  /** Which kind of context it is of. */
  readonly kind: 'http' | 'graphql' | 'ws' | 'rpc';
  /** Its refusals need a status of gRPC. */
  readonly grpc?: boolean;
  /** Answers with a refusal, where Nest would not hand one on. */
  readonly refuse?: ((refusal: object) => void) | undefined;
  /** The object that stands for the request or connection: what was verified is kept beside it. */
  readonly carrier: object;
  /** The object that stands for one call of a handler: what its guard decided is kept beside it. */
  readonly invocation: object;
  /** The objects of the fields above this one, the nearest first. */
  readonly ancestors?: (() => Iterable<object>) | undefined;
  /** The request, or for a connection its handshake; `undefined` when it cannot be known, and then nobody is let in. */
  readonly request: () => ResourceRequest | undefined;
  /** `undefined` where the response is out of reach. */
  readonly setHeader?: ((name: string, value: string | readonly string[]) => void) | undefined;
  /** For what outlives one message: ends it, once its token has expired. */
  readonly close?: ((code: number, reason: string) => void) | undefined;
  /** Says when it has ended by itself, so that nothing holds on to it. */
  readonly onClosed?: (listener: () => void) => void;
  /** Whether it has ended; `undefined` where that cannot be known. */
  readonly isClosed?: () => boolean | undefined;
  /** For an answer that may be longer than the life of its token, such as an event stream. */
  readonly answer?: LongAnswer | undefined;
}

/** An answer that can be ended while it is sent. */
export interface LongAnswer {
  /** Ends it, with a code as for `close` of a WebSocket. */
  readonly end: (code: number, reason: string) => void;
  /** Called when it has ended by itself. */
  readonly onEnded?: ((listener: () => void) => void) | undefined;
  /** Whether it has ended already, and says it no more. */
  readonly isEnded?: (() => boolean) | undefined;
}

/**
 * A record with lower-case names, as Node has it. Everything that is no text is left out, and so are names that stand
 * there twice with different values: it could not be known which counts.
 */
export function headersOf(source: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  const doubtful = new Set<string>();
  if (typeof source !== 'object' || source === null) return headers;
  for (const [name, value] of Object.entries(source)) {
    const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
    if (typeof text !== 'string') continue;
    const lower = name.toLowerCase();
    if (Object.hasOwn(headers, lower) && headers[lower] !== text) doubtful.add(lower);
    headers[lower] = text;
  }
  for (const name of doubtful) delete headers[name];
  return headers;
}

/** The part of Node's event emitters that connections are heard by. */
export interface Emitter {
  once?(event: string, listener: () => void): unknown;
  /** Of a WebSocket: 2 is closing, 3 is closed. */
  readonly readyState?: unknown;
  /** Of a connection of Node. */
  readonly destroyed?: boolean;
  /** Of a client of socket.io. */
  readonly disconnected?: boolean;
}

/** Whether a connection of any of these kinds has closed. */
export const isClosed = ({ readyState, destroyed, disconnected }: Emitter): boolean =>
  destroyed === true || disconnected === true || readyState === 3;
