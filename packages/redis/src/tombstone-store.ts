import { TransportError } from '@countersign/core';
import type { TombstoneStore } from '@countersign/core/session';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

/**
 * Stores the later time and the longer time to live of two logouts, in any order of the writes. The script deletes before
 * it writes: otherwise Redis rejects it while its memory is full, and a user could not log out. Nothing after the deletion
 * depends on the stored value, which may not be a number.
 */
const setScript = `
local endedAt = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') or 0, tonumber(ARGV[1]))
local timeToLive = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]))
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], endedAt, 'PX', timeToLive)
return 1`;

/**
 * Creates a tombstone store: it records which cookie sessions were logged out.
 *
 * @throws ConfigurationError if the client or an option is invalid. The methods throw TransportError `store_unavailable`
 *   while Redis is unavailable.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCActions
 * @example
 * ```ts
 * import { createRedisTombstoneStore } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const tombstones = createRedisTombstoneStore(redis);
 * ```
 */
export function createRedisTombstoneStore(
  redis: RedisConnection,
  options: RedisOptions = {},
): TombstoneStore {
  const { get, runConfirmed, buildKey } = createBoundedRedis(redis, options);
  return {
    async set(key, endedAt, timeToLive) {
      await runConfirmed(setScript, buildKey('ended', key), endedAt, Math.max(1, Math.ceil(timeToLive)));
    },
    async latest(keys) {
      // One command per key, because on a cluster the keys are on different nodes.
      const values = await Promise.all(keys.map((key) => get(buildKey('ended', key))));
      // `Number()` reads a blank text as 0.
      const times = values
        .filter((time) => time !== undefined)
        .map((time) => (time.trim() === '' ? Number.NaN : Number(time)));
      // A comparison with NaN is false: a session that was logged out would be valid.
      if (times.some((time) => !Number.isFinite(time)))
        throw new TransportError('store_unavailable', 'Redis returned a tombstone that is not a number');
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}
