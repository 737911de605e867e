import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { isLoopback } from './loopback.ts';
import { createProvider, type ProviderOptions } from './provider.ts';

export interface StartOptions extends Partial<ProviderOptions> {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Default: `localhost`, on both its addresses. */
  readonly host?: string;
  /** Default: false. */
  readonly allowNonLoopback?: boolean;
}

export interface RunningProvider {
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  /** Ends the connections too. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the provider.
 *
 * @throws Error when the host is not loopback, or the port is taken (`code` is then `EADDRINUSE`)
 */
export async function startProvider(options: StartOptions = {}): Promise<RunningProvider> {
  const { host = 'localhost', port: wanted = 0 } = options;
  if (!isLoopback(host) && options.allowNonLoopback !== true) {
    throw new Error(
      `HOST is "${host}", but this provider is for demonstration and listens on loopback only. ` +
        'If you know what you do, set ALLOW_NON_LOOPBACK=1.',
    );
  }
  // The issuer names the port, which is known once the servers listen: until then, requests wait.
  let answerWith: (listener: RequestListener) => void = () => {};
  const ready = new Promise<RequestListener>((resolve) => {
    answerWith = resolve;
  });
  const servers: readonly [Server, ...Server[]] = await listen(host, wanted, async (request, response) => {
    const handle = await ready;
    handle(request, response);
  });
  try {
    const port = portOf(servers[0]);
    const issuer = options.issuer ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const provider = await createProvider({ ...options, issuer });
    answerWith(provider.callback());
    return { issuer, port, provider, close: () => closeAll(servers) };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

/** `localhost` is two addresses, and a browser may take either; a machine without IPv6 has only the first. */
async function listen(
  host: string,
  wanted: number,
  listener: RequestListener,
): Promise<[Server, ...Server[]]> {
  if (host !== 'localhost') return [await listenOn(host, wanted, listener)];
  for (let attempts = 10; ; attempts--) {
    const first = await listenOn('127.0.0.1', wanted, listener);
    const port = portOf(first);
    try {
      return [first, await listenOn('::1', port, listener)];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return [first];
      await closeAll([first]);
      if (wanted !== 0 || attempts === 1) throw error;
    }
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

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
