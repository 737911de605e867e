import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves a request handler on a loopback port. */
export async function listenOnLoopback(
  handle: (request: Request) => Promise<Response>,
  port: number,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  let origin = '';
  const server = getHttp().createServer((incoming, outgoing) => {
    respond(handle, origin, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Returns `node:http` without an import: without `listen()`, the server also works in tests in a browser, whose bundlers
 * do not resolve modules of Node.
 */
function getHttp(): typeof import('node:http') {
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function')
    return process.getBuiltinModule('node:http');
  throw new TypeError(
    'listen() requires Node, because a browser cannot start a server. Use the `fetch` of the test server instead.',
  );
}

async function respond(
  handle: (request: Request) => Promise<Response>,
  origin: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const { method = 'GET', url = '/' } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const each of [value].flat()) if (each !== undefined) headers.append(name, each);
  }
  const body = method === 'GET' || method === 'HEAD' ? null : new Blob(chunks as Uint8Array<ArrayBuffer>[]);
  const response = await handle(new Request(origin + url, { method, headers, body }));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
}
