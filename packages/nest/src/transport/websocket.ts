import { handshakeRequestOf, type NodeRequest, resourceRequestOf } from './http.ts';
import { type Emitter, isClosed, type Transport } from './transport.ts';

interface SocketIoClient extends Emitter {
  readonly handshake: { readonly headers: NodeRequest['headers']; readonly auth?: Record<string, unknown> };
  readonly request?: NodeRequest;
  disconnect(close: boolean): void;
}

interface NativeClient extends Emitter {
  close(code: number, reason: string): void;
  terminate?(): void;
}

// A plain WebSocket does not know the request that opened it; whoever saw it says so.
const handshakes = new WeakMap<object, NodeRequest>();

/** Remembers the request that opened a connection. */
export function rememberHandshake(client: object, request: NodeRequest): void {
  handshakes.set(client, request);
}

export function websocketTransport(client: unknown): Transport | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  if ('handshake' in client) return socketIoTransport(client as SocketIoClient);
  const request = handshakes.get(client);
  const socket = client as NativeClient;
  return {
    kind: 'ws',
    carrier: client,
    // Handlers of one connection are told apart by themselves.
    invocation: client,
    request: () => request && resourceRequestOf(request),
    close: closerOf(socket),
    onClosed: (listener) => socket.once?.('close', listener),
    isClosed: () => isClosed(socket),
  };
}

/** Ends a connection of either kind. */
export function closerOf(client: object): (code: number, reason: string) => void {
  return (code, reason) => {
    const { disconnect, close } = client as Partial<SocketIoClient & NativeClient>;
    if (typeof disconnect === 'function') disconnect.call(client, true);
    else close?.call(client, code, shorten(reason));
  };
}

/** Ends a connection that cannot be closed. */
export function cut(client: object): void {
  try {
    (client as Partial<NativeClient>).terminate?.();
  } catch {
    // There is nothing left to try.
  }
}

/** RFC 6455 section 5.5: a control frame has 125 bytes, of which the code takes two; `ws` throws for a longer one. */
function shorten(reason: string): string {
  let text = reason;
  while (new TextEncoder().encode(text).length > 123) text = text.slice(0, -1);
  return text;
}

/** Clients send the token in `auth: { token }`, with or without its scheme. */
function socketIoTransport(client: SocketIoClient): Transport {
  const { headers, auth } = client.handshake;
  const token = typeof auth?.token === 'string' ? auth.token : undefined;
  const authorization = token === undefined || /^(bearer|dpop) /i.test(token) ? token : `Bearer ${token}`;
  // The path of a handshake is the library's own, with parameters of its own.
  const handshake = { headers, rawHeaders: client.request?.rawHeaders, socket: client.request?.socket };
  return {
    kind: 'ws',
    carrier: client,
    invocation: client,
    request: () => handshakeRequestOf(handshake, authorization),
    close: closerOf(client),
    onClosed: (listener) => client.once?.('disconnect', listener),
    isClosed: () => isClosed(client),
  };
}
