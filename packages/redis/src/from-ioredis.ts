import { ConfigurationError } from '@countersign/core';
import type { RedisConnection } from './connection.ts';

/** The members that the stores use of a client of the `ioredis` package: `new Redis()`, or `new Cluster()`. */
export interface IoredisClient {
  readonly status: string;
  readonly options: {
    readonly enableOfflineQueue?: boolean | undefined;
    readonly autoResendUnfulfilledCommands?: boolean | undefined;
    readonly redisOptions?: { readonly autoResendUnfulfilledCommands?: boolean | undefined } | undefined;
  };
  get(key: string): Promise<unknown>;
  wait(replicas: number, timeout: number): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/**
 * Lets the stores use a client of the `ioredis` package. Create it with `enableOfflineQueue: false` and
 * `autoResendUnfulfilledCommands: false` (in a cluster, the second one in `redisOptions`): otherwise it executes commands
 * after a reconnection that the stores have given up, such as the claim of a logout token.
 *
 * @throws ConfigurationError `invalid_option` if it is not a client of ioredis, or one of these options is missing
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { createRedisStores, fromIoredis } from '@countersign/redis';
 * import { Redis } from 'ioredis';
 *
 * const redis = new Redis({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
 * redis.on('error', (error) => console.error('redis:', error.message));
 * const { store, tombstones, replay, refresh } = createRedisStores(fromIoredis(redis));
 * ```
 */
export function fromIoredis(client: IoredisClient): RedisConnection {
  if (!('defineCommand' in client))
    throw new ConfigurationError(
      'invalid_option',
      'Expected a client of ioredis: new Redis() or new Cluster(). Pass a client of the redis package to createRedisStores() directly.',
    );
  const { enableOfflineQueue, autoResendUnfulfilledCommands, redisOptions } = client.options;
  requireFalse('enableOfflineQueue', { value: enableOfflineQueue });
  requireFalse('autoResendUnfulfilledCommands', {
    value: redisOptions?.autoResendUnfulfilledCommands ?? autoResendUnfulfilledCommands,
  });
  return {
    get: (key) => client.get(key),
    eval: (script, { keys, arguments: values }) => client.eval(script, keys.length, ...keys, ...values),
    wait: (replicas, timeout) => client.wait(replicas, timeout),
    get isReady() {
      return client.status === 'ready';
    },
    // A cluster of ioredis is one, too.
    ...('nodes' in client && { masters: [] }),
  };
}

function requireFalse(name: string, { value }: { readonly value: boolean | undefined }): void {
  if (value === false) return;
  throw new ConfigurationError(
    'invalid_option',
    `Create the client of ioredis with ${name}: false. Otherwise it executes commands after a reconnection that were given up.`,
  );
}
