import { createServer, request } from 'node:http';

interface ForwardingProxy {
  readonly close: () => void;
}

/** Starts a proxy on localhost that sends each request to the port that `choosePort` returns for its path. */
async function startForwardingProxy(
  port: number,
  choosePort: (path: string) => number | undefined,
): Promise<ForwardingProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path = '/', headers } = incoming;
    const forwarded = request(
      { host: 'localhost', port: choosePort(path), method, path, headers },
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

/** Starts a proxy that sends each request to the port of the longest matching path, like a host with zones. */
export function startPathProxy(
  port: number,
  targets: Readonly<Record<string, number>>,
): Promise<ForwardingProxy> {
  const paths = Object.keys(targets).sort((one, other) => other.length - one.length);
  return startForwardingProxy(port, (path) => {
    const zone = paths.find((each) => path.startsWith(each) && /^[/?]|^$/.test(path.slice(each.length)));
    return targets[zone ?? '/'];
  });
}

/** Starts a proxy that sends each request to the next port, without sticky sessions. */
export async function startRoundRobin(
  port: number,
  targets: readonly number[],
): Promise<ForwardingProxy & { readonly counts: number[] }> {
  const counts = targets.map(() => 0);
  let requestCount = 0;
  const proxy = await startForwardingProxy(port, () => {
    const index = requestCount++ % targets.length;
    counts[index] = (counts[index] ?? 0) + 1;
    return targets[index];
  });
  return { ...proxy, counts };
}
