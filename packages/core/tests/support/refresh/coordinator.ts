import {
  type CoordinationOptions,
  coordinateRefreshes,
} from '../../../src/tokens/refresh/coordinate-refreshes.ts';
import type { RefreshClient } from '../../../src/tokens/refresh/refresh-client.ts';
import { createTokenSuccessors } from '../../../src/tokens/refresh/token-successors.ts';
import type { SuccessorStore } from '../../../src/tokens/stores/successor-store.ts';
import type { TokenSet } from '../../../src/tokens/token-set.ts';

interface ProcessOptions extends CoordinationOptions {
  readonly successors?: SuccessorStore;
  /** Seconds. */
  readonly successorLifetime?: number;
}

/** Creates the refresh coordinator of one process. */
export function createCoordinator(
  client: RefreshClient,
  { successors: store, successorLifetime = 30, ...options }: ProcessOptions = {},
) {
  const successors = createTokenSuccessors(client, {
    ...(store && { store }),
    lifetime: successorLifetime * 1000,
    now: client.now,
    emitEvent: client.emitEvent,
  });
  return coordinateRefreshes(client, successors, options);
}

/** Sets the expiry of all access tokens to the past. */
export const expireTokens = (tokens: TokenSet): TokenSet => ({
  ...tokens,
  accessTokens: tokens.accessTokens.map((token) => ({ ...token, expiresAt: 1 })),
});

/** Runs a function `count` times concurrently. */
export const runConcurrently = <T>(count: number, run: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => run(i)));
