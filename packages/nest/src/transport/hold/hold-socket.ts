import { addHold } from './add-hold.ts';

/** A WebSocket of `ws`, which reads from its connection unless it is paused. */
export interface PausableSocket {
  readonly isPaused?: boolean;
  pause?(): void;
  resume?(): void;
}

/** A WebSocket of a server of `ws`, and its connection. */
export interface ServerWebSocket extends PausableSocket {
  readonly _socket?: object;
  close(code: number, reason: string): void;
}

/**
 * Stops reading from a WebSocket, so that the flow control of TCP keeps further messages at the client. It continues when
 * each hold of the socket was released, unless the application has paused it. Does nothing if it cannot be paused.
 *
 * @returns the function that releases the hold
 */
export function holdSocket(socket: PausableSocket | undefined): () => void {
  if (typeof socket?.pause !== 'function' || typeof socket.isPaused !== 'boolean') return () => {};
  return addHold(socket, () => pauseSocket(socket));
}

/** Pauses a socket. Until the hold ends, the calls of the application only decide what applies afterwards. */
function pauseSocket(socket: PausableSocket): () => void {
  let isPaused = socket.isPaused;
  socket.pause?.();
  const pause = () => {
    isPaused = true;
  };
  const resume = () => {
    isPaused = false;
  };
  const restores = [replaceMethod(socket, 'pause', pause), replaceMethod(socket, 'resume', resume)];
  return () => {
    for (const restore of restores) restore();
    if (!isPaused) socket.resume?.();
  };
}

/** Replaces a method. The returned function restores it, unless the application has replaced it meanwhile. */
function replaceMethod(socket: PausableSocket, name: 'pause' | 'resume', method: () => void): () => void {
  const ownDescriptor = Object.getOwnPropertyDescriptor(socket, name);
  socket[name] = method;
  return () => {
    if (socket[name] !== method) return;
    delete socket[name];
    if (ownDescriptor) Object.defineProperty(socket, name, ownDescriptor);
  };
}
