import {
  ConfigurationError,
  type ResourceRequest,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { connectedClients, handshakesByClient } from '../../module-state.ts';
import { addCloseListener } from '../close-listeners.ts';
import { type EngineConnection, holdConnection } from '../hold/hold-connection.ts';
import { holdSocket, type PausableSocket } from '../hold/hold-socket.ts';
import { type NodeRequest, toHandshakeRequest, toResourceRequest } from '../http/node-request.ts';
import { type Emitter, isClosed, type NamespaceClient, type Transport } from '../transport.ts';
import { addDisconnectListener, isConnecting } from './connecting-clients.ts';

interface SocketIoClient extends NamespaceClient {
  readonly handshake: { readonly headers: NodeRequest['headers']; readonly auth?: Record<string, unknown> };
  readonly request?: NodeRequest;
  /** Set if the option `connectionStateRecovery` of socket.io is used. */
  readonly pid?: unknown;
  readonly server?: {
    readonly opts?: { readonly connectionStateRecovery?: { readonly skipMiddlewares?: boolean } };
  };
  /** Whether the client continues an earlier one, with its rooms and `data`. */
  readonly recovered?: boolean;
  readonly data?: Record<string, unknown>;
  disconnect(close: boolean): void;
}

interface NativeClient extends Emitter, PausableSocket {
  close(code: number, reason: string): void;
  terminate?(): void;
}

/** Saves the upgrade request of a plain WebSocket, which does not expose it itself. */
export function saveHandshake(client: object, request: NodeRequest): void {
  handshakesByClient.set(client, request);
}

/** Whether an object is the client of a gateway, and not the context of GraphQL. */
export function isClient(object: object): boolean {
  const { close, disconnect } = object as Partial<SocketIoClient & NativeClient>;
  return handshakesByClient.has(object) || typeof close === 'function' || typeof disconnect === 'function';
}

export function createWebSocketTransport(client: unknown): Transport | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  if ('handshake' in client) return createSocketIoTransport(client as SocketIoClient);
  const request = handshakesByClient.get(client);
  const socket = client as NativeClient;
  return {
    kind: 'ws',
    requestKey: client,
    // Decisions are stored by handler, so the connection itself is sufficient as a key.
    invocationKey: client,
    request: () => request && toResourceRequest(request),
    close: createCloser(socket),
    onClosed: (listener) => void addCloseListener(socket, listener),
    isClosed: () => isClosed(socket),
    hold: () => holdSocket(socket),
  };
}

/** Clients send the token in `auth: { token }`, with or without its scheme. */
function createSocketIoTransport(client: SocketIoClient): Transport {
  if (client.connected) connectedClients.add(client);
  const { headers, auth } = client.handshake;
  const { token } = auth ?? {};
  // A list is rejected: a token that is not a text must not make the connection anonymous.
  const authorization = typeof token === 'string' ? toAuthorization(token) : (token ?? undefined) && [];
  // The URL of the handshake is omitted: it belongs to the library and has the library's parameters.
  const handshake = { headers, rawHeaders: client.request?.rawHeaders, socket: client.request?.socket };
  return {
    kind: 'ws',
    requestKey: client,
    invocationKey: client,
    request: () => toHandshakeRequest(handshake, authorization),
    close: createCloser(client),
    onClosed: (listener) => addDisconnectListener(client, listener),
    isClosed: () => isClosed(client) && !isConnecting(client),
    hold: () => holdConnection(client.conn as EngineConnection | undefined),
    confirmHolder: (accessToken) => confirmUser(client, accessToken),
  };
}

/** The name in `data` of a client, which socket.io saves with its rooms. Text, because some adapters serialize it. */
const holderName = 'countersign.holder';

/** Compares the user of a recovered client with the earlier one, whose rooms it has. */
function confirmUser(
  { pid, recovered, data }: SocketIoClient,
  accessToken: VerifiedAccessToken | undefined,
): boolean {
  if (pid === undefined || !data) return recovered !== true;
  const holder = accessToken && JSON.stringify([accessToken.issuer, accessToken.sub]);
  if (recovered && data[holderName] !== holder) return false;
  if (holder !== undefined) data[holderName] = holder;
  return true;
}

/**
 * Checks that socket.io runs the middleware that has the client for each connection. By default it does not for those that it
 * recovers, which would then be open without a token.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function checkMiddleware(client: object): void {
  const { pid, server } = client as Partial<SocketIoClient>;
  if (pid === undefined || !isConnecting(client)) return;
  if (server?.opts?.connectionStateRecovery?.skipMiddlewares === false) return;
  throw new ConfigurationError(
    'invalid_option',
    'The option connectionStateRecovery of socket.io recovers connections without the middleware that calls authenticate(). ' +
      'Remove the option, and let clients request what they have missed in a message; or set its "skipMiddlewares" to false',
  );
}

/** Clients send the token with or without its scheme. */
const toAuthorization = (token: string): string =>
  /^(bearer|dpop) /i.test(token) ? token : `Bearer ${token}`;

/** Creates the request for a new token of an open connection: that of the handshake, with another credential. */
export function createRenewalRequest(
  transport: Transport,
  { token, proof }: { readonly token: string; readonly proof: string | undefined },
): ResourceRequest {
  const handshake = transport.request();
  const { authorization: _, dpop: __, ...headers } = (handshake?.headers ?? {}) as NodeRequest['headers'];
  return {
    method: handshake?.method,
    url: handshake?.url,
    headers: {
      ...headers,
      authorization: toAuthorization(token),
      ...(proof !== undefined && { dpop: proof }),
    },
    get clientCertificate() {
      return handshake?.clientCertificate;
    },
  };
}

/** Creates the function that closes a connection of either kind. */
export function createCloser(client: object): (code: number, reason: string) => void {
  return (code, reason) => {
    const { disconnect, close } = client as Partial<SocketIoClient & NativeClient>;
    if (typeof disconnect === 'function') {
      disconnect.call(client, true);
      // socket.io ignores that for a client that it has not connected yet.
      if (isConnecting(client)) (client as SocketIoClient).conn?.close?.();
    } else close?.call(client, code, truncateReason(reason));
  };
}

/** RFC 6455 section 5.5: a control frame has 125 bytes, two of them for the code. `ws` throws for a longer reason. */
function truncateReason(reason: string): string {
  // Each character has at least one byte.
  let text = reason.slice(0, 123);
  while (new TextEncoder().encode(text).length > 123) text = text.slice(0, -1);
  return text;
}

/** Terminates a connection that cannot be closed. */
export function terminateConnection(client: object): void {
  try {
    (client as Partial<NativeClient>).terminate?.();
  } catch {
    // The connection cannot be ended in another way.
  }
}
