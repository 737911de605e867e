import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts a server on another origin, which responds to each request, and does not allow pages to read it (CORS). Runs
 * outside the browser.
 */
export async function startServer(): Promise<string> {
  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

declare module 'vitest/internal/browser' {
  interface BrowserCommands {
    startServer: () => Promise<string>;
  }
}
