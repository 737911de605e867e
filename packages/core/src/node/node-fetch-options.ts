import { createSecureContext } from 'node:tls';
import { ConfigurationError } from '../errors.ts';
import { checkOptions, type OptionType } from '../internal/check-options.ts';
import type { Fetch } from '../internal/fetch/bounded-fetch.ts';

/** A PEM document, as text or bytes. */
export type Pem = string | Uint8Array;

/** Options of {@link createNodeFetch}. */
export interface NodeFetchOptions {
  /** The connection pool. Not available on Bun. Default: the defaults of its members. */
  readonly pool?:
    | {
        /** Maximum count of connections per origin. Default: 16. */
        readonly connections?: number | undefined;
        /** Milliseconds until an idle connection is closed. Default: 30,000. */
        readonly keepAliveTimeout?: number | undefined;
      }
    | undefined;
  /**
   * The URL of a proxy, with user and password if it requires them. `environment` reads `HTTPS_PROXY`, `HTTP_PROXY` and
   * `NO_PROXY`. https requests use a tunnel, so the proxy cannot read them. Default: no proxy. Bun always uses the proxies
   * of the environment.
   */
  readonly proxy?: 'environment' | (string & {}) | URL | undefined;
  /**
   * The client's certificate and private key for mutual TLS. They are not sent to a proxy; on Bun, which would send them,
   * an https proxy is rejected. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
   */
  readonly clientCertificate?:
    | {
        readonly certificate: Pem;
        readonly key: Pem;
        readonly passphrase?: string | undefined;
      }
    | undefined;
  /** Certificates of the trusted authorities. Default: those of Node. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Timeout of a connection attempt in milliseconds. Default: 5,000. Not available on Bun. */
  readonly connectTimeout?: number | undefined;
}

/** A `fetch` with a separate connection pool. */
export interface NodeFetch extends Fetch {
  /** Waits for the pending requests, then closes all connections. */
  close(): Promise<void>;
}

/** The checked options. */
export interface NodeFetchSettings {
  /** Certificates of the trusted authorities. */
  readonly trustedAuthorities: { readonly ca?: (string | Buffer)[] };
  readonly clientCertificate: {
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly passphrase?: string;
  };
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly connections: number;
  /** Milliseconds. */
  readonly keepAliveTimeout: number;
  /** URLs by the scheme of the request. */
  readonly proxies: { readonly http?: string; readonly https?: string; readonly fromEnvironment: boolean };
}

/** @throws ConfigurationError */
export function readSettings(options: NodeFetchOptions): NodeFetchSettings {
  checkOptions('createNodeFetch()', options, { types: optionTypes, hints: optionHints });
  const { pool = {}, ca } = options;
  const settings: NodeFetchSettings = {
    trustedAuthorities: ca === undefined ? {} : { ca: [ca].flat() as (string | Buffer)[] },
    clientCertificate: readClientCertificate(options),
    connectTimeout: requirePositiveNumber(options.connectTimeout ?? 5_000, 'connectTimeout'),
    connections: requirePositiveNumber(pool.connections ?? 16, 'pool.connections'),
    keepAliveTimeout: requirePositiveNumber(pool.keepAliveTimeout ?? 30_000, 'pool.keepAliveTimeout'),
    proxies: readProxies(options.proxy),
  };
  checkSecureContext({ ...settings.trustedAuthorities, ...settings.clientCertificate });
  return settings;
}

function readProxies(proxy: NodeFetchOptions['proxy']): NodeFetchSettings['proxies'] {
  if (proxy === undefined) return { fromEnvironment: false };
  if (proxy !== 'environment') {
    const url = parseProxyUrl(proxy, 'proxy');
    return { http: url, https: url, fromEnvironment: false };
  }
  const http = readProxyVariable('http_proxy');
  // As undici and other tools do: the proxy for http is also used for https.
  const https = readProxyVariable('https_proxy') ?? http;
  return { ...(http && { http }), ...(https && { https }), fromEnvironment: true };
}

/** Reads a variable in lower case, otherwise in upper case. */
export function readProxyVariable(name: 'http_proxy' | 'https_proxy'): string | undefined {
  const variable = [name, name.toUpperCase()].find((each) => process.env[each] !== undefined);
  const value = variable && process.env[variable];
  return value ? parseProxyUrl(value, variable) : undefined;
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
      '"ca" or "clientCertificate" is not usable, expected PEM, and the key of the certificate.',
    );
  }
}

function parseProxyUrl(proxy: string | URL, name: string): string {
  const url = URL.canParse(String(proxy)) ? new URL(String(proxy)) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  // The message does not contain the value, because it may contain a password.
  const actual = url ? 'a URL of another scheme' : 'not a URL';
  const expected = `${name === 'proxy' ? '"environment" or ' : ''}an http or https URL such as "http://proxy.example:3128"`;
  throw new ConfigurationError('invalid_option', `"${name}" is ${actual}, expected ${expected}.`);
}

function requirePositiveNumber(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new ConfigurationError('invalid_option', `"${name}" is ${value}, expected a number greater than 0.`);
}

const optionTypes: Readonly<Record<keyof NodeFetchOptions, OptionType>> = {
  pool: 'object',
  proxy: {
    expected: "'environment' or a URL",
    accepts: (value) => typeof value === 'string' || value instanceof URL,
  },
  clientCertificate: 'object',
  ca: {
    expected: 'PEM as text or bytes, or an array of them',
    accepts: (value) =>
      [value].flat().every((each) => typeof each === 'string' || each instanceof Uint8Array),
  },
  connectTimeout: 'number',
};

const optionHints: Readonly<Record<string, string>> = {
  cert: 'Set clientCertificate: { certificate, key }.',
  key: 'Set clientCertificate: { certificate, key }.',
  agent: 'Set proxy, ca or clientCertificate.',
  dispatcher: 'Set proxy, ca or clientCertificate.',
};
