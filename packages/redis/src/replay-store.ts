import type { ReplayStore } from '@countersign/core/session';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

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
  const { run, buildKey } = createBoundedRedis(redis, options);
  // The purpose is a part of the prefix, so that the keys of each can be counted: `countersign:replay:login:<hash>`.
  const buildName = (key: string) => buildKey('replay', key.replace(' ', ':'));
  return {
    async claim(key, timeToLive) {
      return (await run(claimScript, buildName(key), Math.max(1, Math.ceil(timeToLive)))) === 1;
    },
    async release(key) {
      await run(releaseScript, buildName(key));
    },
  };
}
