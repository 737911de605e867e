import { setTimeout as delay } from 'node:timers/promises';
import { createRedisReplayStore } from '@countersign/redis';
import { createClient } from 'redis';

/** RFC 9449 section 11.1: stores used DPoP proofs in Redis, so that no process accepts a proof twice. */
export async function connectReplayStore(url: string) {
  const redis = createClient({ url });
  redis.on('error', ({ code, message }) => console.error(`Redis: ${code ?? message}`));
  // Waits for the connection, so that the first proof is accepted. Without Redis, only DPoP proofs are rejected.
  await Promise.race([redis.connect(), delay(2_000)]);
  return { replayStore: createRedisReplayStore(redis), close: () => redis.destroy() };
}
