import type { TombstoneStore } from '@countersign/core/session';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

/** The later time and the longer life stay, whichever order two logouts come in. */
const setScript = `
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], math.max(before, tonumber(ARGV[1])), 'PX', math.max(left, tonumber(ARGV[2])))
return 1`;

/**
 * Remembers which cookie sessions have ended.
 *
 * @throws ConfigurationError when the client or an option is wrong; its methods throw TransportError `store_unavailable`
 */
export function createRedisTombstoneStore(
  redis: RedisConnection,
  options: RedisOptions = {},
): TombstoneStore {
  const { get, run, buildKey } = createBoundedRedis(redis, options);
  return {
    async set(key, endedAt, timeToLive) {
      await run(setScript, buildKey('ended', key), endedAt, Math.max(1, Math.ceil(timeToLive)));
    },
    async latest(keys) {
      // One by one, in one round trip: on a cluster they live on different nodes.
      const found = await Promise.all(keys.map((key) => get(buildKey('ended', key))));
      const times = found.filter((time) => time !== undefined).map(Number);
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}
