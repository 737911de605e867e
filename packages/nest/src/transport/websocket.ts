import { clientCertificateOf, type NodeRequest, resourceRequestOf } from './http.ts';
import type { Transport } from './transport.ts';

interface SocketIoClient {
  readonly handshake: { readonly headers: NodeRequest['headers']; readonly auth?: Record<string, unknown> };
  readonly request?: NodeRequest;
  disconnect(close: boolean): void;
}

interface NativeClient {
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
  return {
    kind: 'ws',
    carrier: client,
    request: () => request && resourceRequestOf(request),
    close: (code, reason) => (client as NativeClient).close(code, reason),
  };
}

/** Browsers cannot set headers on a handshake, so clients send the token in `auth: { token }`. */
function socketIoTransport(client: SocketIoClient): Transport {
  const { headers, auth } = client.handshake;
  const token = typeof auth?.token === 'string' ? auth.token : undefined;
  return {
    kind: 'ws',
    carrier: client,
    request: () => ({
      method: 'GET',
      url: undefined,
      headers:
        token === undefined
          ? headers
          : { ...headers, authorization: /^(bearer|dpop) /i.test(token) ? token : `Bearer ${token}` },
      rawHeaders: client.request?.rawHeaders,
      clientCertificate: clientCertificateOf(client.request),
    }),
    close: () => client.disconnect(true),
  };
}
