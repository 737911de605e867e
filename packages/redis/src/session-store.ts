import { createHash } from 'node:crypto';
import type { SessionMatch, SessionRecord, SessionStore } from '@countersign/core/session';
import { createBoundedRedis, type RedisConnection, type RedisOptions } from './connection.ts';

/**
 * A record is a hash. A tombstone is a hash with the single field `ended` and the expiry of the record.
 * An expired record is treated as missing, even if Redis has not deleted it yet.
 */
const readScript = `
return redis.call('HMGET', KEYS[1], 'version', 'value', 'issuer', 'sub', 'sid', 'clientId', 'expiresAt')`;

/**
 * The first write needs memory, so that Redis rejects the script while its memory is full. A script that begins with a
 * deletion passes this check, and the sessions exceed `maxmemory`.
 *
 * @see https://redis.io/docs/latest/develop/reference/eviction/
 */
const writeScript = `
if redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return 0 end
local found = redis.call('HMGET', KEYS[1], 'version', 'expiresAt')
local version = found[1]
if version and tonumber(found[2]) <= tonumber(ARGV[2]) then version = false end
if (version or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
local names = {}
for i = 4, #ARGV, 2 do names[ARGV[i]] = true end
for _, name in ipairs({ 'sid', 'clientId' }) do
  if not names[name] then redis.call('HDEL', KEYS[1], name) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/**
 * An empty argument matches all records, and a record without client matches each client. The tombstone keeps the expiry
 * of the record. The script deletes before it writes: Redis rejects scripts that begin with a write that needs memory while its memory is full.
 *
 * @see https://redis.io/docs/latest/develop/reference/eviction/
 */
const endScript = `
local found = redis.call('HMGET', KEYS[1], 'version', 'issuer', 'sub', 'sid', 'clientId', 'expiresAt')
if not found[1] or tonumber(found[6]) <= tonumber(ARGV[1]) then return 0 end
for i = 2, 4 do
  if ARGV[i] ~= '' and found[i] ~= string.sub(ARGV[i], 2) then return 0 end
end
if ARGV[5] ~= '' and found[5] and found[5] ~= string.sub(ARGV[5], 2) then return 0 end
redis.call('HDEL', KEYS[1], 'value', 'issuer', 'sub', 'sid', 'clientId', 'expiresAt')
redis.call('HSET', KEYS[1], 'ended', '1')
redis.call('HDEL', KEYS[1], 'version')
return 1`;

/**
 * Adds a key to the sessions of one user, or of one session at the provider, sorted by expiry. The expiry of a key never
 * decreases: the write that follows may lose against another one, whose session lives longer.
 */
const indexScript = `
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[4])))
return 1`;

const indexedScript = `return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** Milliseconds for which a record is stored beyond its expiry, because the clock of Redis can differ. */
const margin = 60_000;

/**
 * Creates a session store in Redis or Valkey, with compare-and-swap writes, tombstones, and search by user. Each script
 * uses one key, as clusters require.
 *
 * @throws ConfigurationError if the client or an option is invalid. The methods throw TransportError `store_unavailable`
 *   while Redis is unavailable; the response to a request with a session is then 503.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCActions
 * @example
 * ```ts
 * import { createRedisSessionStore } from '@countersign/redis';
 * import { createClient } from 'redis';
 *
 * const redis = await createClient().on('error', console.error).connect();
 * const store = createRedisSessionStore(redis, { prefix: 'shop' });
 * ```
 */
export function createRedisSessionStore(redis: RedisConnection, options: RedisOptions = {}): SessionStore {
  const { run, runConfirmed, buildKey, now } = createBoundedRedis(redis, options);
  const buildName = (key: string) => buildKey('session', key);
  const computeTimeToLive = (expiresAt: number) => Math.ceil(Math.max(0, expiresAt * 1000 - now()) + margin);
  const time = () => now() / 1000;

  return {
    async get(key) {
      const record = parseRecord(await run(readScript, buildName(key)));
      return record && record.expiresAt > time() ? record : undefined;
    },
    async set(key, record, expectedVersion) {
      // The index is written first. A session that is missing there would survive a back-channel logout.
      await Promise.all(
        indexNames(record).map((name) =>
          run(
            indexScript,
            buildKey('index', name),
            key,
            record.expiresAt,
            Math.floor(time() - margin / 1000),
            computeTimeToLive(record.expiresAt),
          ),
        ),
      );
      const fields = Object.entries(record)
        .filter(([, value]) => value !== undefined)
        .flat() as (string | number)[];
      const timeToLive = computeTimeToLive(record.expiresAt);
      return (
        (await runConfirmed(writeScript, buildName(key), expectedVersion, time(), timeToLive, ...fields)) ===
        1
      );
    },
    async delete(key) {
      await runConfirmed(endScript, buildName(key), time(), '', '', '', '');
    },
    async deleteWhere(match) {
      // The index of the session at the provider is first, because it has fewer entries.
      const keys = await run(indexedScript, buildKey('index', indexNames(match)[0] as string));
      const conditions = [match.issuer, match.sub, match.sid, match.clientId].map((value) =>
        value === undefined ? '' : `=${value}`,
      );
      const endedResults = await Promise.all(
        (keys as unknown[]).map((key) =>
          runConfirmed(endScript, buildName(String(key)), time(), ...conditions),
        ),
      );
      return endedResults.filter((result) => result === 1).length;
    },
  };
}

function parseRecord(reply: unknown): SessionRecord | undefined {
  const [version, value, issuer, sub, sid, clientId, expiresAt] = (reply as unknown[]).map((field) =>
    field === null || field === undefined ? undefined : String(field),
  );
  if (version === undefined) return undefined;
  return {
    version: Number(version),
    value: value ?? '',
    issuer: issuer ?? '',
    sub: sub ?? '',
    ...(sid !== undefined && { sid }),
    ...(clientId !== undefined && { clientId }),
    expiresAt: Number(expiresAt),
  };
}

/** Names of the indexes. They are hashes, so that a list of keys reveals nothing about users. */
function indexNames({ issuer, sub, sid }: SessionMatch | SessionRecord): string[] {
  const names: string[] = [];
  if (sid !== undefined) names.push(digest(['sid', issuer, sid]));
  if (sub !== undefined) names.push(digest(['sub', issuer, sub]));
  return names;
}

const digest = (parts: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
