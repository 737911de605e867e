import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { type Call, type Outcome, readMessage, toHeaders } from './outcome.js';

/** Creates a call of a message of socket.io. */
export const createSocketIoCall =
  (url: string, event: string): Call =>
  async (token) => {
    const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
    try {
      return await new Promise<Outcome>((resolve) => {
        socket.once('result', () => resolve('ok'));
        socket.once('exception', ({ message }) => resolve(readMessage(message)));
        socket.once('connect_error', ({ message }) => resolve(readMessage(message)));
        socket.emit(event, {});
      });
    } finally {
      socket.close();
    }
  };

/**
 * Creates a call of a message over a plain WebSocket. Nest 11 sends no response to a rejected message. So the call also
 * sends two messages `list`, in sequence. If the message has no response before theirs, it was rejected.
 */
export const createPlainCall =
  (url: string, event: 'list' | 'add'): Call =>
  async (token) => {
    const socket = new WebSocket(url, { headers: toHeaders(token) });
    const send = (name: string) => socket.send(JSON.stringify({ event: name, data: {} }));
    try {
      return await new Promise<Outcome>((resolve) => {
        let listResults = 0;
        socket.once('close', (_code, reason) => resolve(readMessage(String(reason))));
        socket.once('error', ({ message }) => resolve(`unexpected: ${message}`));
        socket.once('open', () => {
          send(event);
          if (event !== 'list') send('list');
        });
        socket.on('message', (text) => {
          const { event: type, data } = JSON.parse(String(text)) as {
            readonly event: string;
            readonly data: { readonly message?: string; readonly text?: string };
          };
          if (type !== 'result') resolve(readMessage(data.message));
          else if (event === 'list' || data.text === 'added') resolve('ok');
          else if (++listResults === 1) send('list');
          else resolve('forbidden');
        });
      });
    } finally {
      socket.close();
    }
  };
