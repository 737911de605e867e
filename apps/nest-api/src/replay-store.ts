import { setTimeout as delay } from 'node:timers/promises';
import { createRedisReplayStore } from '@countersign/redis';
import { createClient } from 'redis';

/** Where used DPoP proofs are remembered, so that none is taken twice, whichever process sees it (RFC 9449 section 11.1). */
export async function connectReplayStore(url: string) {
  const redis = createClient({ url });
  redis.on('error', ({ code, message }) => console.error(`Redis: ${code ?? message}`));
  // The first request must not be faster than the connection; without Redis only DPoP proofs are turned away.
  await Promise.race([redis.connect(), delay(2_000)]);
  return { replayStore: createRedisReplayStore(redis), close: () => redis.destroy() };
}
