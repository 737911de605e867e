import { setTimeout as delay } from 'node:timers/promises';
import { createRedisStores } from '@countersign/redis';
import { createClient } from 'redis';

/**
 * With REDIS_URL, several processes share locks and logouts, and with SESSIONS=stored also the sessions. Without it
 * sessions are encrypted in the cookie, and the rest is in the memory of one process.
 */
export const stores = await connect(process.env.REDIS_URL, process.env.SESSIONS);

async function connect(url: string | undefined, kind: string | undefined) {
  if (!url) return {};
  const redis = createClient({ url });
  redis.on('error', (error: Error) => console.error('redis:', error.message));
  // Wait for the connection before the first request. The application also starts without Redis.
  await Promise.race([redis.connect(), delay(2_000)]);
  const { store, ...others } = createRedisStores(redis);
  return kind === 'stored' ? { store, ...others } : others;
}
