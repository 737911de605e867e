import { ConfigurationError, TransportError } from '@countersign/core';

/**
 * What is used of a client of the `redis` package: `createClient()`, `createCluster()`, `createSentinel()` and
 * `createClientPool()` all fit. Connect it, listen to its `error` event and close it yourself.
 */
export interface RedisConnection {
  /** The text under a key; `null` when there is none. */
  get(key: string): Promise<unknown>;
  /** Runs a Lua script. */
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
  /** False while a client is not connected; a cluster does not have it. */
  readonly isReady?: boolean;
}

/** Options of every store. */
export interface RedisOptions {
  /** In front of every key. Default: `countersign`. */
  readonly prefix?: string;
  /** Milliseconds after which Redis is taken to be away. Default: 2,000. */
  readonly commandTimeout?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Commands that end, one way or the other. */
export interface BoundedRedis {
  /** `undefined` when there is nothing under the key. @throws TransportError `store_unavailable` */
  get(key: string): Promise<string | undefined>;
  /** Runs a script that touches this one key, so that it works on a cluster. @throws TransportError `store_unavailable` */
  run(script: string, key: string, ...args: (string | number)[]): Promise<unknown>;
  readonly now: () => number;
  /** The full name of a key of one kind. */
  buildKey(kind: string, key: string): string;
}

/** @throws ConfigurationError when the client or an option is wrong */
export function createBoundedRedis(redis: RedisConnection, options: RedisOptions = {}): BoundedRedis {
  if (typeof redis?.eval !== 'function' || typeof redis.get !== 'function') {
    throw new ConfigurationError(
      'invalid_option',
      "This is not a client of the redis package. Write createClient() of 'redis', connect it, and hand it in.",
    );
  }
  const { prefix = 'countersign', commandTimeout = 2_000, now = Date.now } = options;
  if (!(commandTimeout > 0)) {
    throw new ConfigurationError(
      'invalid_option',
      'commandTimeout must be a number of milliseconds above 0.',
    );
  }
  const bounded = async <T>(command: () => Promise<T>): Promise<T> => {
    // A client that is not connected keeps commands back until it is; nobody must wait for that.
    if (redis.isReady === false) throw unavailable('is not connected');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const expire = () => reject(unavailable(`did not answer within ${commandTimeout} ms`));
      // A process that was busy sees its timers before the answers that have long arrived: let those be read first.
      timer = setTimeout(() => setImmediate(() => setImmediate(expire)), commandTimeout);
    });
    try {
      return await Promise.race([command(), late]);
    } catch (error) {
      throw error instanceof TransportError ? error : unavailable('failed');
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async get(key) {
      const value = await bounded(() => redis.get(key));
      return value === null || value === undefined ? undefined : String(value);
    },
    run: (script, key, ...args) =>
      bounded(() => redis.eval(script, { keys: [key], arguments: args.map(String) })),
    now,
    buildKey: (kind, key) => `${prefix}:${kind}:${key}`,
  };
}

/** What the client says is left out: it may quote the command, and with it a key or a value. */
function unavailable(what: string): TransportError {
  return new TransportError('store_unavailable', `Redis ${what}`);
}
