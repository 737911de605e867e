import { webSocketsBySocket } from '../../module-state.ts';
import type { ServerWebSocket } from '../hold/hold-socket.ts';

/** The server that `@fastify/websocket` adds to Fastify. */
export interface WebSocketServer {
  readonly clients?: Iterable<ServerWebSocket>;
}

/** Finds the WebSocket of a connection. The server may have many, so the result is kept. */
export function findWebSocket(
  socket: object | undefined,
  server: WebSocketServer | undefined,
): ServerWebSocket | undefined {
  if (socket === undefined) return undefined;
  const trackedWebSocket = webSocketsBySocket.get(socket);
  if (trackedWebSocket) return trackedWebSocket;
  for (const client of server?.clients ?? []) {
    if (client._socket !== socket) continue;
    webSocketsBySocket.set(socket, client);
    return client;
  }
  return undefined;
}
