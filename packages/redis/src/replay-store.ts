import type { ReplayStore } from '@countersign/core/session';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

const claimScript = `
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0`;

const releaseScript = `return redis.call('DEL', KEYS[1])`;

/**
 * Creates a replay store: it records the one-time values that were used, such as the `jti` of logout tokens and DPoP
 * proofs, and completed logins.
 *
 * @throws ConfigurationError if the client or an option is invalid. The methods throw TransportError `store_unavailable`
 *   while Redis is unavailable.
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import { createRedisReplayStore } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const replayStore = createRedisReplayStore(redis);
 * ```
 */
export function createRedisReplayStore(redis: RedisConnection, options: RedisOptions = {}): ReplayStore {
  const { get, run, runConfirmed, buildKey } = createBoundedRedis(redis, options);
  // The purpose is part of the prefix, so that keys can be counted by purpose: `countersign:replay:login:<hash>`.
  const buildName = (key: string) => buildKey('replay', key.replace(' ', ':'));
  return {
    async claim(key, timeToLive) {
      return (await runConfirmed(claimScript, buildName(key), Math.max(1, Math.ceil(timeToLive)))) === 1;
    },
    async has(key) {
      return (await get(buildName(key))) !== undefined;
    },
    async release(key) {
      await run(releaseScript, buildName(key));
    },
  };
}
