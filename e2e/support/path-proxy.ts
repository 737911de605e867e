import { createServer, request } from 'node:http';

/** Starts a proxy on localhost that sends each request to the port of the longest matching path, like a host with zones. */
export async function startPathProxy(
  port: number,
  targets: Readonly<Record<string, number>>,
): Promise<{ close(): void }> {
  const paths = Object.keys(targets).sort((one, other) => other.length - one.length);
  const server = createServer((incoming, outgoing) => {
    const { method, url: path = '/', headers } = incoming;
    const zone =
      paths.find((each) => path.startsWith(each) && /^[/?]|^$/.test(path.slice(each.length))) ?? '/';
    const forwarded = request(
      { host: 'localhost', port: targets[zone], method, path, headers },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
        response.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return { close: () => server.close() };
}
