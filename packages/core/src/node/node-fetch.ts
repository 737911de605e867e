import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch, ProxyAgent, type RequestInit } from 'undici';
import { ConfigurationError } from '../errors.ts';
import type { Fetch } from '../internal/http.ts';

/** PEM text or bytes. */
export type Pem = string | Uint8Array;

/** Pool, proxy, authorities and certificate of one fetch. */
export interface NodeFetchOptions {
  /** How many connections there are and how long they are kept. */
  readonly pool?: {
    /** Connections per origin at most. Default: 16. */
    readonly connections?: number;
    /** Milliseconds for which an idle connection is kept. Default: 30,000. */
    readonly keepAliveTimeout?: number;
  };
  /**
   * `environment` reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; a URL names the proxy and may hold its
   * user and password. https goes through a tunnel, so the proxy reads nothing. Default: no proxy.
   */
  readonly proxy?: 'environment' | (string & {}) | URL;
  /** The client's certificate and private key for mutual TLS. A proxy is never shown it. @see RFC 8705 section 2 */
  readonly clientCertificate?: {
    readonly certificate: Pem;
    readonly key: Pem;
    readonly passphrase?: string;
  };
  /** Certificates of the authorities that servers are held against, instead of the platform's own. */
  readonly ca?: Pem | readonly Pem[];
  /** Milliseconds until a connection must stand. Default: 5,000. */
  readonly connectTimeout?: number;
}

/** A `fetch` with its own connections. */
export interface NodeFetch extends Fetch {
  /** Lets running requests end, then closes every connection. */
  close(): Promise<void>;
}

/**
 * A `fetch` for Node with its own connection pool, proxy, authorities and client certificate; hand it to `createClient`.
 *
 * @throws ConfigurationError `invalid_option` when an option is malformed
 * @see RFC 8705 section 2 for mutual TLS
 */
export function createNodeFetch(options: NodeFetchOptions = {}): NodeFetch {
  const dispatcher = createDispatcher(options);
  const pooled = (url: string, init: globalThis.RequestInit): Promise<Response> =>
    fetch(url, { ...(init as RequestInit), dispatcher }) as unknown as Promise<Response>;
  return Object.assign(pooled, { close: () => dispatcher.close() });
}

function createDispatcher(options: NodeFetchOptions): Dispatcher {
  const { pool = {}, proxy } = options;
  const trust = options.ca === undefined ? {} : { ca: [options.ca].flat() as (string | Buffer)[] };
  const timeout = positive(options.connectTimeout ?? 5_000, 'connectTimeout');
  const server = { ...trust, ...clientCertificateOf(options), timeout };
  checkSecureContext(server);
  const shared = {
    connections: positive(pool.connections ?? 16, 'pool.connections'),
    keepAliveTimeout: positive(pool.keepAliveTimeout ?? 30_000, 'pool.keepAliveTimeout'),
    connect: server,
  };
  if (proxy === undefined) return new Agent(shared);
  // The client certificate is for the provider: the proxy's own connection must not present it.
  const proxied = { ...shared, connectTimeout: timeout, requestTls: server, proxyTls: { ...trust, timeout } };
  if (proxy === 'environment') return new EnvHttpProxyAgent(proxied);
  const { connect: _, ...rest } = proxied;
  return new ProxyAgent({ ...rest, uri: proxyUrl(proxy) });
}

function clientCertificateOf({ clientCertificate }: NodeFetchOptions) {
  if (!clientCertificate) return {};
  const { certificate, key, passphrase } = clientCertificate;
  if (!certificate || !key) {
    throw new ConfigurationError(
      'missing_option',
      'clientCertificate needs both: clientCertificate: { certificate, key }, each as PEM.',
    );
  }
  return {
    cert: certificate as string | Buffer,
    key: key as string | Buffer,
    ...(passphrase !== undefined && { passphrase }),
  };
}

/** A wrong certificate or key is found here, and not at the first login. */
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

function proxyUrl(proxy: string | URL): string {
  const url = URL.canParse(String(proxy)) ? new URL(String(proxy)) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  // The value itself is left out: it may hold a password.
  throw new ConfigurationError(
    'invalid_option',
    "proxy must be 'environment' or an http or https URL such as 'http://proxy.example:3128'.",
  );
}

function positive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new ConfigurationError('invalid_option', `${name} must be a number greater than 0, got ${value}`);
}
