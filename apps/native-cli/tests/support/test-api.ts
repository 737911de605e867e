import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { AccessTokenError, createAccessTokenVerifier } from '@countersign/core/resource-server';

/** Starts an API that verifies the access token and returns its `sub`. As the API of the demo, it adds items with a title. */
export async function startApi(issuer: string) {
  const verifier = createAccessTokenVerifier({
    issuer,
    audience: 'https://api.countersign.example',
    allowInsecureIssuer: true,
  });
  const tokens: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    response.setHeader('content-type', 'application/json');
    try {
      const { sub, scopes } = await verifier.verifyToken(token);
      if (request.method === 'POST' && !scopes.includes('items:write')) {
        response.setHeader('www-authenticate', 'Bearer error="insufficient_scope"');
        response.writeHead(403).end('{"error":"insufficient_scope"}');
        return;
      }
      const { title } = request.method === 'POST' ? ((await json(request)) as { title?: unknown }) : {};
      if (request.method === 'POST' && typeof title !== 'string') {
        response.writeHead(400).end('{"message":"title must be a string"}');
        return;
      }
      tokens.push(token);
      response.end(JSON.stringify({ sub, path: request.url, title }));
    } catch (error) {
      response.writeHead(error instanceof AccessTokenError ? error.status : 500).end('{"error":"rejected"}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
