import { ConfigurationError, TransportError } from '@countersign/core';
import type { RedisConnection } from './connection.ts';
import { findFailureCode } from './failure.ts';

/** Options of `connectRedis()`. */
export interface ConnectRedisOptions {
  /** The user, for access control lists. Default: that of the URL. */
  readonly username?: string | undefined;
  /** Default: that of the URL. */
  readonly password?: string | undefined;
  /** TLS options of Node, with a URL that begins with `rediss:`. Default: none. */
  readonly tls?:
    | {
        readonly ca?: string | string[];
        readonly cert?: string;
        readonly key?: string;
        readonly servername?: string;
      }
    | undefined;
  /** Milliseconds until the first connection fails, and until a server without reply is connected again. Default: 5,000. */
  readonly connectTimeout?: number | undefined;
  /**
   * Receives a sentence when the connection is lost, and when it is there again. It contains no password. Default: it is
   * written to the console.
   */
  readonly onChange?: ((message: string) => void) | undefined;
}

/** A connected client of the `redis` package. Pass it to `createRedisStores()`. */
export interface ConnectedRedis extends RedisConnection {
  /** Waits for the replies of all commands, then closes the connection. */
  close(): Promise<void>;
}

/** Milliseconds between two checks of a connection. */
const checkInterval = 1_000;
const defaultConnectTimeout = 5_000;

/**
 * Connects a client of the `redis` package: with a time limit, a listener for errors, and a check that finds a connection
 * that a firewall has dropped. It connects again by itself.
 *
 * @param url `redis://host:port`, or `rediss://host:port` with TLS
 * @throws ConfigurationError `invalid_option` if the URL is missing or invalid, or the package `redis` is not installed
 * @throws TransportError `store_unavailable` if the first connection fails. The message names the cause
 * @see https://www.iana.org/assignments/uri-schemes/prov/redis
 * @example
 * ```ts
 * import { connectRedis, createRedisStores } from '@countersign/redis';
 *
 * const redis = await connectRedis(process.env.REDIS_URL);
 * const { store, tombstones, replay, refresh } = createRedisStores(redis);
 * ```
 */
export async function connectRedis(
  url: string | undefined,
  options: ConnectRedisOptions = {},
): Promise<ConnectedRedis> {
  const { connectTimeout = defaultConnectTimeout, onChange = console.error } = options;
  const address = parseAddress(url);
  const createClient = await loadCreateClient();
  const name = `Redis at ${address.host}`;

  let isConnected = false;
  let isLost = false;
  const client = createClient({
    url: address.href,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    socket: {
      connectTimeout,
      ...(address.protocol === 'rediss:' && { tls: true, ...options.tls }),
      // The first connection fails at once. Later ones are tried again.
      reconnectStrategy: (retries: number, cause: Error) =>
        isConnected ? Math.min(50 * 2 ** retries, 500) : cause,
    },
  });
  client.on('error', (error: unknown) => {
    if (!isConnected || isLost) return;
    isLost = true;
    onChange(`countersign: The connection to ${name} was lost: ${describe(error)}. It is tried again.`);
  });
  client.on('ready', () => {
    if (isLost) onChange(`countersign: ${name} is connected again.`);
    isLost = false;
  });

  await connectOnce(client, { name, connectTimeout, usesTls: address.protocol === 'rediss:' });
  isConnected = true;
  const check = setInterval(() => void reconnectWithoutReply(client, connectTimeout), checkInterval);
  check.unref();
  const close = client.close.bind(client);
  return Object.assign(client, {
    async close() {
      clearInterval(check);
      await close();
    },
  });
}

/** What `connectRedis()` uses of a client. */
interface Client extends ConnectedRedis {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  destroy(): void;
}

function parseAddress(url: string | undefined): URL {
  if (url === undefined || url === '')
    throw new ConfigurationError(
      'invalid_option',
      'The URL of Redis is missing, expected for example redis://localhost:6379. If it is in an environment variable, set it.',
    );
  // The URL can contain a password, so the message does not contain it.
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    throw new ConfigurationError(
      'invalid_option',
      'The URL of Redis is invalid, expected redis://host:port, or rediss://host:port with TLS.',
    );
  const address = new URL(url);
  if (address.port === '') address.port = '6379';
  return address;
}

async function loadCreateClient() {
  try {
    return (await import('redis')).createClient;
  } catch {
    throw new ConfigurationError(
      'invalid_option',
      'The package redis is not installed. Install it: npm install redis',
    );
  }
}

/** A server that accepts the connection may never reply. */
async function connectOnce(
  client: Client,
  { name, connectTimeout, usesTls }: { name: string; connectTimeout: number; usesTls: boolean },
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const hint = usesTls
      ? 'If it does not use TLS, the URL begins with redis:'
      : 'If it uses TLS, the URL begins with rediss:';
    const expire = () => reject(createError(`${name} did not respond within ${connectTimeout} ms. ${hint}`));
    timer = setTimeout(expire, connectTimeout);
  });
  try {
    await Promise.race([client.connect(), timeout]);
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw error instanceof TransportError
      ? error
      : createError(`${name} cannot be used: ${describe(error)}.`);
  } finally {
    clearTimeout(timer);
  }
}

/** Without a reply, the connection is made again: a firewall can forget a connection without closing it. */
async function reconnectWithoutReply(client: Client, timeLimit: number): Promise<void> {
  if (!client.isReady || checkedClients.has(client)) return;
  checkedClients.add(client);
  const timer = setTimeout(() => {
    if (!client.isReady) return;
    client.destroy();
    client.connect().catch(() => {});
  }, timeLimit);
  await client.ping().catch(() => {});
  clearTimeout(timer);
  checkedClients.delete(client);
}

/** Clients that wait for the reply to a check. */
const checkedClients = new WeakSet<object>();

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name of the host is unknown',
  EAI_AGAIN: 'the name of the host cannot be resolved at the moment',
  ECONNRESET: 'the server closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not use TLS there, so the URL begins with redis:',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not use TLS there, so the URL begins with redis:',
  NOAUTH: 'it requires a password',
  WRONGPASS: 'the user or the password is wrong',
  NOPERM: 'the user has no right to connect',
};

/** Describes an error of the client without its message. */
function describe(error: unknown): string {
  // The client wraps the error of a connection that is not tried again.
  const cause = (error as { readonly socketError?: unknown }).socketError ?? error;
  const code = findFailureCode(cause);
  if (code !== undefined) return causes[code] === undefined ? code : `${causes[code]} (${code})`;
  if (/CERT|CERTIFICATE/i.test(String((cause as { code?: unknown })?.code)))
    return `its certificate is not accepted (${String((cause as { code?: unknown }).code)})`;
  // This error has no code.
  const isClosed = cause instanceof Error && cause.message === 'Socket closed unexpectedly';
  return isClosed ? 'the server closed the connection' : 'the client gives no known code';
}

const createError = (message: string) => new TransportError('store_unavailable', message);
