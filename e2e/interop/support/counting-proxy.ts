import { createServer, request } from 'node:http';

/** A request that the server received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** `grant_type` of a token request. */
  readonly grantType: string | null;
}

export interface CountingProxy {
  readonly origin: string;
  readonly requests: ReceivedRequest[];
  readonly close: () => void;
}

/** Starts the public address of a server: it records each request and sends it to the server's port. */
export async function startCountingProxy(port: number, target: number): Promise<CountingProxy> {
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const grantType = isForm ? new URLSearchParams(body.toString()).get('grant_type') : null;
    requests.push({ method, path, grantType });
    const forwarded = request({ host: '127.0.0.1', port: target, method, path, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    forwarded.end(body);
  });
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return {
    origin: `http://localhost:${port}`,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
