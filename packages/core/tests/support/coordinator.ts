import { type CoordinationOptions, coordinateRefreshes } from '../../src/tokens/coordinate-refreshes.ts';
import type { RefreshingClient } from '../../src/tokens/refreshing-client.ts';
import { createSuccessions } from '../../src/tokens/successions.ts';
import type { SuccessorStore } from '../../src/tokens/successor.ts';
import type { TokenSet } from '../../src/tokens/token-set.ts';

interface Shared extends CoordinationOptions {
  readonly successors?: SuccessorStore;
  /** Seconds. */
  readonly life?: number;
}

/** The coordinator of one process. */
export function coordinator(client: RefreshingClient, { successors, life = 30, ...options }: Shared = {}) {
  const successions = createSuccessions(client, {
    ...(successors && { successors }),
    life: life * 1000,
    now: client.now,
    tell: client.tell,
  });
  return coordinateRefreshes(client, options, successions);
}

export const expired = (tokens: TokenSet): TokenSet => ({
  ...tokens,
  accessTokens: tokens.accessTokens.map((entry) => ({ ...entry, expiresAt: 1 })),
});

/** So many at once. */
export const all = <T>(count: number, run: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => run(i)));
