export { type ConnectedRedis, type ConnectRedisOptions, connectRedis } from './connect-redis.ts';
export type { RedisConnection, RedisOptions } from './connection.ts';
export { fromIoredis, type IoredisClient } from './from-ioredis.ts';
export { createRedisRefreshLock } from './refresh-lock.ts';
export { createRedisReplayStore } from './replay-store.ts';
export { createRedisSessionStore } from './session-store.ts';
export { createRedisStores, type RedisStores } from './stores.ts';
export { createRedisSuccessorStore } from './successor-store.ts';
export { createRedisTombstoneStore } from './tombstone-store.ts';
