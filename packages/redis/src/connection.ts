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
  /** Waits until replicas have received all writes of this connection, and returns their count. */
  wait?(replicas: number, timeout: number): Promise<unknown>;
  /** Only a pool has it: runs a function with one of its connections. */
  readonly execute?: unknown;
  /** Only a client of Sentinel has it: runs a function with one connection to the master. */
  readonly use?: unknown;
}

/** Options of all stores. */
export interface RedisOptions {
  /** The prefix of each key. Default: `countersign`. */
  readonly prefix?: string;
  /** Milliseconds after which a command fails with `store_unavailable`. Default: 2,000. */
  readonly commandTimeout?: number;
  /**
   * Count of replicas that must confirm a write that ends a session or spends a token. Otherwise a failover can undo it. Each
   * such write takes one more round trip between the servers, and fails with `store_unavailable` while there are fewer
   * replicas. For a cluster, set `min-replicas-to-write` on its nodes instead. Default: 0.
   *
   * @see https://redis.io/docs/latest/commands/wait/
   */
  readonly replicas?: number;
  /** Returns milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Redis commands with a time limit. */
export interface BoundedRedis {
  /** Returns `undefined` if the key has no value. @throws TransportError `store_unavailable` */
  get(key: string): Promise<string | undefined>;
  /** Runs a script on one key, as clusters require. @throws TransportError `store_unavailable` */
  run(script: string, key: string, ...args: (string | number)[]): Promise<unknown>;
  /** Like `run`, for a write that ends a session or spends a token: waits for replicas if the option `replicas` is set. */
  runConfirmed(script: string, key: string, ...args: (string | number)[]): Promise<unknown>;
  readonly now: () => number;
  /** Builds the full name of a key. */
  buildKey(kind: string, key: string): string;
}

const optionTypes = {
  prefix: 'string',
  commandTimeout: 'number',
  replicas: 'number',
  now: 'function',
} as const;

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
  const { prefix = 'countersign', commandTimeout = 2_000, replicas = 0, now = Date.now } = options;
  if (!(commandTimeout > 0)) {
    throw new ConfigurationError(
      'invalid_option',
      `"commandTimeout" is ${commandTimeout}, expected a positive number of milliseconds.`,
    );
  }
  const isCluster = 'masters' in redis;
  if (replicas !== 0) checkReplicas(replicas, isCluster);
  // Each node of a cluster can fail alone.
  const responsiveness = isCluster ? undefined : findResponsiveness(redis);

  const runBounded = async <T>(command: (withSignal: WithSignal) => Promise<T>): Promise<T> => {
    // A client that is not connected queues commands. Requests do not wait for the connection.
    if (redis.isReady === false) throw unavailable('is not connected');
    if (responsiveness?.maySend(commandTimeout) === false) throw unavailable('does not respond');
    // The queue of a client outlives the request. A command that was given up is not executed later.
    const waiting = new AbortController();
    const withSignal: WithSignal = (client) =>
      (client.withCommandOptions?.({ abortSignal: waiting.signal }) ?? client) as RedisConnection;
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
      const reply = command(withSignal);
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
  const run: BoundedRedis['run'] = (script, key, ...args) =>
    runBounded((withSignal) => withSignal(redis).eval(script, { keys: [key], arguments: args.map(String) }));
  return {
    async get(key) {
      const value = await runBounded((withSignal) => withSignal(redis).get(key));
      return value === null || value === undefined ? undefined : String(value);
    },
    run,
    runConfirmed:
      replicas === 0
        ? run
        : (script, key, ...args) =>
            runBounded((withSignal) =>
              runOnOneConnection(redis, async (connection) => {
                const client = withSignal(connection);
                const [result, count] = await Promise.all([
                  client.eval(script, { keys: [key], arguments: args.map(String) }),
                  // Before the time limit of the command, so that the error names the replicas.
                  client.wait?.(replicas, Math.ceil(commandTimeout / 2)),
                ]);
                if (Number(count) >= replicas) return result;
                throw unavailable(`has a write that ${String(count)} of ${replicas} replicas have confirmed`);
              }),
            ),
    now,
    buildKey: (kind, key) => `${prefix}:${kind}:${key}`,
  };
}

type WithSignal = (client: RedisConnection) => RedisConnection;

function checkReplicas(replicas: number, isCluster: boolean): void {
  const problem = isCluster
    ? '"replicas" is not supported with a cluster. Set min-replicas-to-write on its nodes.'
    : `"replicas" is ${replicas}, expected a positive integer.`;
  if (isCluster || !(Number.isSafeInteger(replicas) && replicas > 0))
    throw new ConfigurationError('invalid_option', problem);
}

type Task = (connection: RedisConnection) => Promise<unknown>;

/** `WAIT` concerns the writes of its own connection. */
async function runOnOneConnection(redis: RedisConnection, task: Task): Promise<unknown> {
  const run = (redis.execute ?? redis.use) as ((task: Task) => Promise<unknown>) | undefined;
  return run === undefined ? task(redis) : run.call(redis, task);
}
