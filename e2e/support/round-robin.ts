import { createServer, request } from 'node:http';

/** Starts a proxy on localhost that sends each request to the next port, without sticky sessions. */
export async function startRoundRobin(
  port: number,
  targets: readonly number[],
): Promise<{ close(): void; readonly counts: number[] }> {
  const counts = targets.map(() => 0);
  let requestCount = 0;
  const server = createServer((incoming, outgoing) => {
    const index = requestCount++ % targets.length;
    counts[index] = (counts[index] ?? 0) + 1;
    const { method, url: path, headers } = incoming;
    const forwarded = request(
      { host: 'localhost', port: targets[index], method, path, headers },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
        response.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return { counts, close: () => server.close() };
}
