import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { isLoopback } from './http/loopback.ts';
import { createProvider, type ProviderOptions } from './provider.ts';

export interface StartOptions extends Partial<ProviderOptions> {
  /** The port to listen on. Default: 0, any free port. */
  readonly port?: number;
  /** The host name to listen on. Default: `localhost`, on its IPv4 and IPv6 address. */
  readonly host?: string;
  /** Allows a host other than loopback. Default: false. */
  readonly allowNonLoopback?: boolean;
}

export interface RunningProvider {
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  /** Stops the servers and closes open connections. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the provider.
 *
 * @throws Error if the host is not loopback, or if the port is in use (`code` is then `EADDRINUSE`)
 */
export async function startProvider(options: StartOptions = {}): Promise<RunningProvider> {
  const { host = 'localhost', port: requestedPort = 0 } = options;
  if (!isLoopback(host) && options.allowNonLoopback !== true) {
    throw new Error(
      `HOST is "${host}", expected a loopback host: this provider is for demonstration only. ` +
        'To listen on another host, set ALLOW_NON_LOOPBACK=1.',
    );
  }
  // The issuer contains the port, which is known once the servers listen. Requests wait until then.
  let setListener: (listener: RequestListener) => void = () => {};
  const ready = new Promise<RequestListener>((resolve) => {
    setListener = resolve;
  });
  const servers: readonly [Server, ...Server[]] = await listen(
    host,
    requestedPort,
    async (request, response) => {
      const handle = await ready;
      handle(request, response);
    },
  );
  try {
    const port = getPort(servers[0]);
    const issuer = options.issuer ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const provider = await createProvider({ ...options, issuer });
    setListener(provider.callback());
    return { issuer, port, provider, close: () => closeAll(servers) };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

/** Listens on both addresses of `localhost`, because a browser may use either. Without IPv6, only the first is used. */
async function listen(
  host: string,
  requestedPort: number,
  listener: RequestListener,
): Promise<[Server, ...Server[]]> {
  if (host !== 'localhost') return [await listenOn(host, requestedPort, listener)];
  for (let attempts = 10; ; attempts--) {
    const first = await listenOn('127.0.0.1', requestedPort, listener);
    const port = getPort(first);
    try {
      return [first, await listenOn('::1', port, listener)];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return [first];
      await closeAll([first]);
      if (requestedPort !== 0 || attempts === 1) throw error;
    }
  }
}

const getPort = (server: Server): number => (server.address() as AddressInfo).port;

function listenOn(host: string, port: number, listener: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(listener);
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  const closed = servers.map(
    (server) =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  await Promise.all(closed);
}
