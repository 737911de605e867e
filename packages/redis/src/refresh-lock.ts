import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshLock } from '@countersign/core';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

/** Taken again by its own holder, whose first answer may have been lost with the connection. */
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

/** Milliseconds between two looks at a lock that somebody else holds. */
const firstPause = 15;
const lastPause = 150;

/**
 * A refresh lock that every process of an application shares. It asks again and again, at random distances that grow;
 * within one process the coordinator lets one request per session do that.
 *
 * @throws ConfigurationError when the client or an option is wrong. Its methods throw TransportError `store_unavailable`
 *   while Redis is away: the coordinator then takes turns within the process.
 */
export function createRedisRefreshLock(redis: RedisConnection, options: RedisOptions = {}): RefreshLock {
  const { run, buildKey } = createBoundedRedis(redis, options);
  const buildName = (key: string) => buildKey('lock', key);
  return {
    async acquire(key, { owner, timeToLive, wait }) {
      const end = performance.now() + wait;
      for (let pause = firstPause; ; pause = Math.min(pause * 1.5, lastPause)) {
        if ((await run(acquireScript, buildName(key), owner, timeToLive)) === 1) return true;
        const left = end - performance.now();
        if (left <= 0) return false;
        await sleep(Math.min(left, pause * (0.5 + Math.random())));
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
