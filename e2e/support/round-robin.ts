import { createServer, request } from 'node:http';

/** A proxy on the loopback interface that sends each request to the next of its ports; no session sticks to one. */
export async function roundRobin(
  port: number,
  targets: readonly number[],
): Promise<{ close(): void; readonly counts: number[] }> {
  const counts = targets.map(() => 0);
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const index = turn++ % targets.length;
    counts[index] = (counts[index] ?? 0) + 1;
    const { method, url: path, headers } = incoming;
    const forwarded = request(
      { host: 'localhost', port: targets[index], method, path, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return { counts, close: () => server.close() };
}
