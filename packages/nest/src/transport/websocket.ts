import { handshakeRequestOf, type NodeRequest, resourceRequestOf } from './http.ts';
import type { Emitter, Transport } from './transport.ts';

interface SocketIoClient extends Emitter {
  readonly handshake: { readonly headers: NodeRequest['headers']; readonly auth?: Record<string, unknown> };
  readonly request?: NodeRequest;
  disconnect(close: boolean): void;
}

interface NativeClient extends Emitter {
  close(code: number, reason: string): void;
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
    request: () => request && resourceRequestOf(request),
    close: (code, reason) => socket.close(code, reason),
    onClosed: (listener) => socket.once?.('close', listener),
  };
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
    request: () => handshakeRequestOf(handshake, authorization),
    close: () => client.disconnect(true),
    onClosed: (listener) => client.once?.('disconnect', listener),
  };
}
