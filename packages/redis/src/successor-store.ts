import type { SuccessorStore } from '@countersign/core';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

const setScript = `return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`;

/**
 * What came of a refresh token, for a short time and for every process. What is kept is encrypted under the old refresh
 * token, which Redis never sees.
 *
 * @throws ConfigurationError when the client or an option is wrong; its methods throw TransportError `store_unavailable`
 */
export function createRedisSuccessorStore(
  redis: RedisConnection,
  options: RedisOptions = {},
): SuccessorStore {
  const { get, run, buildKey } = createBoundedRedis(redis, options);
  return {
    get: (key) => get(buildKey('successor', key)),
    async set(key, value, timeToLive) {
      await run(setScript, buildKey('successor', key), value, Math.max(1, Math.ceil(timeToLive)));
    },
  };
}
