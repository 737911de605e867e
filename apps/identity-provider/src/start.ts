import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { createProvider, type ProviderOptions } from './provider.ts';

export interface StartOptions extends Partial<ProviderOptions> {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Default: `localhost`, on all its addresses. */
  readonly host?: string;
  readonly allowNonLoopback?: boolean;
}

export interface RunningProvider {
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  readonly close: () => Promise<void>;
}

const loopback = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * Starts the provider.
 *
 * @throws Error when the host is not loopback, or the port is taken (`code` is then `EADDRINUSE`)
 */
export async function startProvider(options: StartOptions = {}): Promise<RunningProvider> {
  const { host = 'localhost', port: wanted = 0 } = options;
  if (!loopback.has(host) && options.allowNonLoopback !== true) {
    throw new Error(
      `HOST is "${host}", but this provider is for demonstration and listens on loopback only. ` +
        'If you know what you do, set ALLOW_NON_LOOPBACK=1.',
    );
  }
  const answer: { handle?: ReturnType<Provider['callback']> } = {};
  const listener: Parameters<typeof createServer>[1] = (request, response) =>
    void answer.handle?.(request, response);
  const first = await listen(listener, host === 'localhost' ? '127.0.0.1' : host, wanted);
  const servers = [first];
  const { port } = first.address() as AddressInfo;
  // A browser may take localhost for ::1.
  if (host === 'localhost')
    servers.push(...(await listen(listener, '::1', port).then((server) => [server], ignoreMissingIpv6)));
  const issuer = options.issuer ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const origins = options.origins ?? {
    nextWeb: 'http://localhost:3000',
    angularSpa: 'http://localhost:4200',
  };
  const provider = await createProvider({ ...options, issuer, origins });
  answer.handle = provider.callback();
  return { issuer, port, provider, close: async () => void (await Promise.all(servers.map(close))) };
}

function ignoreMissingIpv6(error: NodeJS.ErrnoException): Server[] {
  if (error.code === 'EADDRINUSE') throw error;
  return [];
}

function listen(listener: Parameters<typeof createServer>[1], host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(listener);
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
