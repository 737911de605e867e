import { once } from 'node:events';
import type WebSocket from 'ws';
import { WebSocketServer } from 'ws';

/** Runs `authenticate` on a real WebSocket, closes it, and completes the authentication with `complete` afterwards. */
export async function closeDuringAuthentication(
  authenticate: (client: WebSocket) => Promise<unknown>,
  complete: () => void,
): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  try {
    await once(server as never, 'listening');
    const { port } = server.address() as { port: number };
    const connected = once(server as never, 'connection') as Promise<[WebSocket]>;
    const browser = new globalThis.WebSocket(`ws://127.0.0.1:${port}`);
    const [client] = await connected;
    const pending = authenticate(client);
    const closed = once(client as never, 'close');
    browser.close();
    await closed;
    complete();
    await pending;
  } finally {
    server.close();
  }
}
