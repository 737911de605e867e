import { ConfigurationError, TransportError } from '@countersign/core';
import { findFailureCode, isReplyError, unavailable } from './failure.ts';
import { findResponsiveness } from './responsiveness.ts';

/**
 * The methods that the stores use of a client of the `redis` package. `createClient()`, `createCluster()`,
 * `createSentinel()` and `createClientPool()` return such a client. The application connects it, listens to its `error`
 * event and closes it.
 */
export interface RedisConnection {
  /** Returns the value of a key, or `null` if there is none. */
  get(key: string): Promise<unknown>;
  /** Runs a Lua script. */
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
  /** False while the client is not connected. A cluster does not have this property. */
  readonly isReady?: boolean;
  /** Returns a client whose commands leave its queue when the signal is aborted. A client of ioredis does not have it. */
  withCommandOptions?(options: { readonly abortSignal: AbortSignal }): unknown;
}

/** Options of all stores. */
export interface RedisOptions {
  /** The prefix of each key. Default: `countersign`. */
  readonly prefix?: string;
  /** Milliseconds after which a command fails with `store_unavailable`. Default: 2,000. */
  readonly commandTimeout?: number;
  /** Returns milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Redis commands with a time limit. */
export interface BoundedRedis {
  /** Returns `undefined` if the key has no value. @throws TransportError `store_unavailable` */
  get(key: string): Promise<string | undefined>;
  /** Runs a script on one key, as clusters require. @throws TransportError `store_unavailable` */
  run(script: string, key: string, ...args: (string | number)[]): Promise<unknown>;
  readonly now: () => number;
  /** Builds the full name of a key. */
  buildKey(kind: string, key: string): string;
}

const optionTypes = { prefix: 'string', commandTimeout: 'number', now: 'function' } as const;

/** For applications that no compiler checks. An unknown option would be ignored, and with it the prefix of the keys. */
function checkOptions(options: RedisOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const type = Object.hasOwn(optionTypes, name) ? optionTypes[name as keyof typeof optionTypes] : undefined;
    if (typeof value === type) continue;
    throw new ConfigurationError(
      'invalid_option',
      type === undefined
        ? `The stores have no option ${JSON.stringify(name)}, expected one of: ${Object.keys(optionTypes).join(', ')}.`
        : `The option "${name}" is of type ${typeof value}, expected ${type}.`,
    );
  }
}

/** @throws ConfigurationError when the client or an option is invalid */
export function createBoundedRedis(redis: RedisConnection, options: RedisOptions = {}): BoundedRedis {
  if (typeof redis?.eval !== 'function' || typeof redis.get !== 'function') {
    throw new ConfigurationError(
      'invalid_option',
      "Expected a client of the redis package. Create it with createClient() of 'redis', connect it, and pass it.",
    );
  }
  // Only clients of ioredis have this method. Their `eval` has other parameters.
  if ('defineCommand' in redis)
    throw new ConfigurationError(
      'invalid_option',
      'A client of ioredis has other methods than a client of the redis package. Pass fromIoredis(client).',
    );
  checkOptions(options);
  const { prefix = 'countersign', commandTimeout = 2_000, now = Date.now } = options;
  if (!(commandTimeout > 0)) {
    throw new ConfigurationError(
      'invalid_option',
      `"commandTimeout" is ${commandTimeout}, expected a positive number of milliseconds.`,
    );
  }
  // Each node of a cluster can fail alone.
  const responsiveness = 'masters' in redis ? undefined : findResponsiveness(redis);

  const runBounded = async <T>(command: (client: RedisConnection) => Promise<T>): Promise<T> => {
    // A client that is not connected queues commands. Requests do not wait for the connection.
    if (redis.isReady === false) throw unavailable('is not connected');
    if (responsiveness?.maySend(commandTimeout) === false) throw unavailable('does not respond');
    // The queue of a client outlives the request. A command that was given up is not executed later.
    const waiting = new AbortController();
    const client = (redis.withCommandOptions?.({ abortSignal: waiting.signal }) ?? redis) as RedisConnection;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const expire = () => {
        responsiveness?.onTimeout();
        reject(unavailable(`did not respond within ${commandTimeout} ms`));
        waiting.abort();
      };
      // After a busy period, timers run before replies that have already arrived. Two iterations of the event loop let
      // the replies be read first.
      timer = setTimeout(() => setImmediate(() => setImmediate(expire)), commandTimeout);
    });
    try {
      const reply = command(client);
      reply.then(
        () => responsiveness?.onReply(),
        (error: unknown) => isReplyError(error) && responsiveness?.onReply(),
      );
      return await Promise.race([reply, timeout]);
    } catch (error) {
      if (error instanceof TransportError) throw error;
      const code = findFailureCode(error);
      throw unavailable(code === undefined ? 'failed' : `failed (${code})`);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async get(key) {
      const value = await runBounded((client) => client.get(key));
      return value === null || value === undefined ? undefined : String(value);
    },
    run: (script, key, ...args) =>
      runBounded((client) => client.eval(script, { keys: [key], arguments: args.map(String) })),
    now,
    buildKey: (kind, key) => `${prefix}:${kind}:${key}`,
  };
}
