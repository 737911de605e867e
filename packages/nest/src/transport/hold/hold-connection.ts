import type { IncomingMessage, ServerResponse } from 'node:http';
import { addHold } from './add-hold.ts';
import { holdSocket, type PausableSocket } from './hold-socket.ts';

/** A connection of engine.io, which socket.io uses. It can change its transport from HTTP polling to a WebSocket. */
export interface EngineConnection {
  readonly transport?: EngineTransport;
  on?(event: 'upgrade', listener: (transport: EngineTransport) => void): unknown;
  off?(event: 'upgrade', listener: (transport: EngineTransport) => void): unknown;
}

interface EngineTransport {
  /** The WebSocket. HTTP polling has none. */
  readonly socket?: PausableSocket;
  /** Reads the messages of a request of HTTP polling. A second request before its response ends the connection. */
  onDataRequest?: ReadRequest;
  /** Ends the connection. */
  onError?(reason: string): void;
}

type ReadRequest = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Stops reading messages from a connection of socket.io, even if it changes its transport meanwhile.
 *
 * @returns the function that releases the hold
 */
export const holdConnection = (connection: EngineConnection | undefined): (() => void) =>
  connection ? addHold(connection, () => holdTransports(connection)) : () => {};

function holdTransports(connection: EngineConnection): () => void {
  const releases = [holdTransport(connection.transport)];
  const onUpgrade = (transport: EngineTransport) => void releases.push(holdTransport(transport));
  connection.on?.('upgrade', onUpgrade);
  return () => {
    connection.off?.('upgrade', onUpgrade);
    for (const release of releases) release();
  };
}

const holdTransport = (transport: EngineTransport | undefined): (() => void) =>
  transport?.onDataRequest
    ? deferRequests(transport, transport.onDataRequest)
    : holdSocket(transport?.socket);

/** Lets the request with the next messages wait, with its body unread. */
function deferRequests(transport: EngineTransport, onDataRequest: ReadRequest): () => void {
  let waitingRead: { readonly read: () => void } | undefined;
  const defer: ReadRequest = (request, response) => {
    // uWebSockets.js ends the process if the handlers of a request are not set at once.
    if (typeof request.once !== 'function') return onDataRequest.call(transport, request, response);
    const onClose = () => {
      waitingRead = undefined;
      transport.onError?.('data request connection closed prematurely');
    };
    const read = () => {
      waitingRead = undefined;
      request.off('close', onClose);
      onDataRequest.call(transport, request, response);
    };
    const first = waitingRead;
    waitingRead = { read };
    request.once('close', onClose);
    // The transport ends a connection with two requests at the same time.
    if (!first) return;
    first.read();
    read();
  };
  transport.onDataRequest = defer;
  return () => {
    if (transport.onDataRequest === defer) transport.onDataRequest = onDataRequest;
    waitingRead?.read();
  };
}
