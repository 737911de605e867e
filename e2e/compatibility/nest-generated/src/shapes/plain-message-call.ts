import { WebSocket } from 'ws';
import { toHeaders } from '../calls/outcome.js';

/** Sends a message, and returns the data of its result or the message of its rejection. */
export type SendMessage = (
  name: string,
  message: { readonly token?: string; readonly data: object },
) => Promise<string>;

/**
 * Creates a call of a message over a plain WebSocket. Nest 11 sends no response to a rejected message. So the call also
 * sends two messages `ping`, in sequence. If the message has no response before theirs, the result is `no response`.
 */
export const createPlainMessageCall =
  (port: number): SendMessage =>
  async (name, { token, data }) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers: toHeaders(token) });
    const send = (event: string, content: object) => socket.send(JSON.stringify({ event, data: content }));
    try {
      return await new Promise<string>((resolve) => {
        let pongs = 0;
        socket.once('close', (code) => resolve(`closed with ${code}`));
        socket.once('error', ({ message }) => resolve(`unexpected: ${message}`));
        socket.once('open', () => {
          send(name, data);
          send('ping', {});
        });
        socket.on('message', (text) => {
          const response = JSON.parse(String(text)) as {
            readonly event: string;
            readonly data: string | { readonly message: string };
          };
          if (response.event !== 'pong')
            resolve(typeof response.data === 'string' ? response.data : response.data.message);
          else if (++pongs === 1) send('ping', {});
          else resolve('no response');
        });
      });
    } finally {
      socket.close();
    }
  };
