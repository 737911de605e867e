import type { SuccessorStore } from '@countersign/core';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

const setScript = `return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`;

/**
 * Creates a successor store: for a short time, all processes can read the token set that a refresh token was exchanged
 * for. The values are encrypted with a key of the previous refresh token, which is never sent to Redis.
 *
 * @throws ConfigurationError if the client or an option is invalid. The methods throw TransportError `store_unavailable`
 *   while Redis is unavailable.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { createRedisSuccessorStore } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const successors = createRedisSuccessorStore(redis);
 * ```
 */
export function createRedisSuccessorStore(
  redis: RedisConnection,
  options: RedisOptions = {},
): SuccessorStore {
  const { get, runConfirmed, buildKey } = createBoundedRedis(redis, options);
  return {
    get: (key) => get(buildKey('successor', key)),
    async set(key, value, timeToLive) {
      await runConfirmed(setScript, buildKey('successor', key), value, Math.max(1, Math.ceil(timeToLive)));
    },
  };
}
