import { createSingleFlight, type SingleFlight } from '../../internal/single-flight.ts';
import type { TokenBucket } from '../../internal/token-bucket.ts';
import type { GetAccessTokenResult } from '../access-token-source.ts';
import type { Pause } from '../rate-limit.ts';
import { createMemoryLock, type RefreshLock } from '../stores/refresh-lock.ts';
import { createMemorySuccessorStore, type SuccessorStore } from '../stores/successor-store.ts';
import type { RejectedRefresh } from './rejected-refreshes.ts';

/** What a refresh coordinator knows in this process, even while the shared lock or store is unavailable. */
export interface LocalRefreshState {
  readonly lock: RefreshLock;
  readonly successors: SuccessorStore;
  /** By the key of the refresh token, in the order of their creation. */
  readonly pauses: Map<string, Pause>;
  /** The last rejections, in the order of their creation. */
  readonly rejections: Map<string, RejectedRefresh>;
  /** Limits of refreshes for further access tokens, by the key of the refresh token; the least recently used first. */
  readonly furtherTokens: Map<string, TokenBucket>;
  /** Joins concurrent calls that need the same refresh. */
  readonly flight: SingleFlight<GetAccessTokenResult>;
}

export const createLocalRefreshState = (): LocalRefreshState => ({
  lock: createMemoryLock(),
  successors: createMemorySuccessorStore(),
  pauses: new Map(),
  rejections: new Map(),
  furtherTokens: new Map(),
  flight: createSingleFlight(),
});
