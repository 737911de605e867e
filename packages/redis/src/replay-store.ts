import type { ReplayStore } from '@countersign/core/session';
import { boundRedis, type RedisConnection, type RedisOptions } from './connection.ts';

const claimScript = `
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0`;

const releaseScript = `return redis.call('DEL', KEYS[1])`;

/**
 * Sees a value once: the `jti` of logout tokens and DPoP proofs (RFC 9449 section 11.1), and logins.
 *
 * @throws ConfigurationError when the client or an option is wrong; its methods throw TransportError `store_unavailable`
 */
export function createRedisReplayStore(redis: RedisConnection, options: RedisOptions = {}): ReplayStore {
  const { run, keyOf } = boundRedis(redis, options);
  return {
    async claim(key, timeToLive) {
      return (await run(claimScript, keyOf('replay', key), Math.max(1, Math.ceil(timeToLive)))) === 1;
    },
    async release(key) {
      await run(releaseScript, keyOf('replay', key));
    },
  };
}
