import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshLock } from '@countersign/core';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

/** The owner can acquire its lock again, because the first reply may have been lost with the connection. */
const acquireScript = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Milliseconds between two attempts to acquire a lock that another owner holds. */
const firstPause = 15;
const lastPause = 150;

/**
 * Creates a refresh lock that all processes of an application share. A waiting caller tries again at random, growing
 * intervals. Within one process, one request per session waits.
 *
 * @throws ConfigurationError if the client or an option is invalid. The methods throw TransportError `store_unavailable`
 *   while Redis is unavailable; the coordinator then uses a lock of the process.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import { createRedisRefreshLock } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const lock = createRedisRefreshLock(redis);
 * ```
 */
export function createRedisRefreshLock(redis: RedisConnection, options: RedisOptions = {}): RefreshLock {
  const { run, runConfirmed, buildKey } = createBoundedRedis(redis, options);
  const buildName = (key: string) => buildKey('lock', key);
  return {
    async acquire(key, { owner, timeToLive, wait }) {
      const end = performance.now() + wait;
      for (let pause = firstPause; ; pause = Math.min(pause * 1.5, lastPause)) {
        if ((await runConfirmed(acquireScript, buildName(key), owner, timeToLive)) === 1) return true;
        const remaining = end - performance.now();
        if (remaining <= 0) return false;
        await sleep(Math.min(remaining, pause * (0.5 + Math.random())));
      }
    },
    async renew(key, { owner, timeToLive }) {
      return (await run(renewScript, buildName(key), owner, timeToLive)) === 1;
    },
    async release(key, owner) {
      await run(releaseScript, buildName(key), owner);
    },
  };
}
