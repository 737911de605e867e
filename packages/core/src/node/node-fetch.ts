import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch, ProxyAgent, type RequestInit } from 'undici';
import { ConfigurationError } from '../errors.ts';
import type { Fetch } from '../internal/http.ts';

/** A PEM document, as text or bytes. */
export type Pem = string | Uint8Array;

/** Options of {@link createNodeFetch}. */
export interface NodeFetchOptions {
  /** The connection pool. */
  readonly pool?: {
    /** Maximum count of connections per origin. Default: 16. */
    readonly connections?: number;
    /** Milliseconds until an idle connection is closed. Default: 30,000. */
    readonly keepAliveTimeout?: number;
  };
  /**
   * The URL of a proxy, with user and password if it requires them. `environment` reads `HTTPS_PROXY`, `HTTP_PROXY` and
   * `NO_PROXY`. https requests use a tunnel, so the proxy cannot read them. Default: no proxy.
   */
  readonly proxy?: 'environment' | (string & {}) | URL;
  /**
   * The client's certificate and private key for mutual TLS. They are not sent to a proxy. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
   */
  readonly clientCertificate?: {
    readonly certificate: Pem;
    readonly key: Pem;
    readonly passphrase?: string;
  };
  /** Certificates of the trusted authorities. Default: those of Node. */
  readonly ca?: Pem | readonly Pem[];
  /** Timeout of a connection attempt in milliseconds. Default: 5,000. */
  readonly connectTimeout?: number;
}

/** A `fetch` with a separate connection pool. */
export interface NodeFetch extends Fetch {
  /** Waits for the pending requests, then closes all connections. */
  close(): Promise<void>;
}

/**
 * Creates a `fetch` for Node with a separate connection pool, and optionally a proxy, trusted authorities and a client
 * certificate. Pass it to `createClient()`.
 *
 * @throws ConfigurationError `invalid_option` if an option is malformed, `missing_option` if `clientCertificate` is
 *   incomplete
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { createNodeFetch } from '@countersign/core/node';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   fetch: createNodeFetch({ proxy: 'environment', pool: { connections: 32 } }),
 * });
 * ```
 */
export function createNodeFetch(options: NodeFetchOptions = {}): NodeFetch {
  const dispatcher = createDispatcher(options);
  const pooled = (url: string, init: globalThis.RequestInit): Promise<Response> =>
    fetch(url, { ...(init as RequestInit), dispatcher }) as unknown as Promise<Response>;
  return Object.assign(pooled, { close: () => dispatcher.close() });
}

function createDispatcher(options: NodeFetchOptions): Dispatcher {
  const { pool = {}, proxy } = options;
  const trusted = options.ca === undefined ? {} : { ca: [options.ca].flat() as (string | Buffer)[] };
  const timeout = requirePositive(options.connectTimeout ?? 5_000, 'connectTimeout');
  const server = { ...trusted, ...readClientCertificate(options), timeout };
  checkSecureContext(server);
  const shared = {
    connections: requirePositive(pool.connections ?? 16, 'pool.connections'),
    keepAliveTimeout: requirePositive(pool.keepAliveTimeout ?? 30_000, 'pool.keepAliveTimeout'),
    connect: server,
  };
  if (proxy === undefined) return new Agent(shared);
  // The client certificate is for the provider and must not be sent to the proxy.
  const proxied = {
    ...shared,
    connectTimeout: timeout,
    requestTls: server,
    proxyTls: { ...trusted, timeout },
  };
  if (proxy === 'environment') return new EnvHttpProxyAgent(proxied);
  const { connect: _, ...rest } = proxied;
  return new ProxyAgent({ ...rest, uri: parseProxyUrl(proxy) });
}

function readClientCertificate({ clientCertificate }: NodeFetchOptions) {
  if (!clientCertificate) return {};
  const { certificate, key, passphrase } = clientCertificate;
  if (!certificate || !key) {
    throw new ConfigurationError(
      'missing_option',
      'clientCertificate requires certificate and key, both as PEM.',
    );
  }
  return {
    cert: certificate as string | Buffer,
    key: key as string | Buffer,
    ...(passphrase !== undefined && { passphrase }),
  };
}

/** Finds an invalid certificate or key now, and not at the first login. */
function checkSecureContext(options: Parameters<typeof createSecureContext>[0]): void {
  try {
    createSecureContext(options);
  } catch {
    throw new ConfigurationError(
      'invalid_option',
      'ca or clientCertificate cannot be used: each must be PEM, and the key must belong to the certificate.',
    );
  }
}

function parseProxyUrl(proxy: string | URL): string {
  const url = URL.canParse(String(proxy)) ? new URL(String(proxy)) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  // The message does not contain the value, because it may contain a password.
  throw new ConfigurationError(
    'invalid_option',
    "proxy must be 'environment' or an http or https URL such as 'http://proxy.example:3128'.",
  );
}

function requirePositive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new ConfigurationError('invalid_option', `${name} must be a number greater than 0, got ${value}`);
}
