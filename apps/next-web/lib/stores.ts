import { setTimeout as delay } from 'node:timers/promises';
import { createRedisStores } from '@countersign/redis';
import { createClient } from 'redis';

/**
 * With REDIS_URL, several processes share what must exist once: locks, ended sessions, and with SESSIONS=stored the sessions.
 * Without it everything is sealed in the cookie, and one process keeps the rest.
 */
export const stores = await connect(process.env.REDIS_URL, process.env.SESSIONS);

async function connect(url: string | undefined, kind: string | undefined) {
  if (!url) return {};
  const redis = createClient({ url });
  redis.on('error', (error: Error) => console.error('redis:', error.message));
  // The first request must not be faster than the connection; without Redis the application starts all the same.
  await Promise.race([redis.connect(), delay(2_000)]);
  const { store, ...others } = createRedisStores(redis);
  return kind === 'stored' ? { store, ...others } : others;
}
