import type { AuthEvent } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import {
  createMemorySuccessorStore,
  openSuccessor,
  refreshTokenKey,
  type Successor,
  type SuccessorStore,
  sealSuccessor,
} from './successor.ts';
import type { TokenSet } from './token-set.ts';

/** Which tokens came after which; for those who still hold the old ones. */
export interface Successions {
  /** Follows the successors of a token set to the newest one that is known. */
  newest(read: TokenSet): Promise<Successor>;
  /** Keeps what came of a refresh token. */
  keep(refreshToken: string, successor: Successor): Promise<void>;
}

export interface SuccessionOptions {
  /** Default: within this process. */
  readonly successors?: SuccessorStore;
  /** Milliseconds. */
  readonly life: number;
  readonly now: Clock;
  readonly tell: (event: AuthEvent) => void;
}

/** Successors of successors that are followed at most. */
const maxHops = 10;

/** If the shared store is away, this process remembers for itself: nothing is lost meanwhile. */
export function createSuccessions(
  client: { readonly issuer: string; readonly clientId: string },
  { successors, life, now, tell }: SuccessionOptions,
): Successions {
  const local = createMemorySuccessorStore(now);
  const keyOf = (refreshToken: string) => refreshTokenKey(refreshToken, client);

  async function lookUp(key: string): Promise<string | undefined> {
    try {
      const shared = await successors?.get(key);
      if (shared !== undefined) return shared;
    } catch {
      tell({ type: 'store.unavailable', port: 'successor' });
    }
    // While the store was away, successors were kept in this process: look there too.
    return local.get(key);
  }

  const pick = (next: Successor, current: Successor) =>
    next.tokens.updatedAt > current.tokens.updatedAt || current.carry === undefined ? next : current;

  return {
    async newest(read) {
      let current: Successor = { tokens: read };
      for (let hops = 0; hops < maxHops && current.tokens.refreshToken !== undefined; hops++) {
        const { refreshToken } = current.tokens;
        const sealed = await lookUp(await keyOf(refreshToken));
        const next = sealed === undefined ? undefined : await openSuccessor(refreshToken, sealed);
        if (!next || next.tokens.updatedAt < current.tokens.updatedAt) break;
        if (next.tokens.refreshToken === refreshToken) return pick(next, current);
        current = next;
      }
      return current;
    },
    async keep(refreshToken, successor) {
      const key = await keyOf(refreshToken);
      const sealed = await sealSuccessor(refreshToken, successor);
      try {
        if (successors) return await successors.set(key, sealed, life);
      } catch {
        tell({ type: 'store.unavailable', port: 'successor' });
      }
      await local.set(key, sealed, life);
    },
  };
}
