import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Kind } from './application.ts';

/** The endpoint for logout tokens (OpenID Connect Back-Channel Logout section 2.5). */
export interface LogoutNotices {
  getUri(kind: Kind): string;
  /** Passes a logout token to the application. Returns the status of the response. */
  deliver: (kind: Kind, body: string) => Promise<number>;
  close(): Promise<void>;
}

export async function listenForLogouts(): Promise<LogoutNotices> {
  const server = createServer(async (request, response) => {
    const kind = request.url === '/stored' ? 'stored' : 'cookie';
    const status = await notices.deliver(kind, await text(request)).catch(() => 500);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const notices: LogoutNotices = {
    getUri: (kind) => `http://127.0.0.1:${port}/${kind}`,
    deliver: async () => 500,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return notices;
}
