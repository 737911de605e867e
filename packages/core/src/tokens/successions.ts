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
  /**
   * Keeps what came of a refresh token.
   *
   * @param options `unwritten`: the session does not have it yet, so it is remembered for longer
   */
  keep(refreshToken: string, successor: Successor, options?: { readonly unwritten: boolean }): Promise<void>;
  /** Milliseconds for which the provider wants this token to rest, as far as others have told. */
  pauseOf(refreshToken: string): Promise<number>;
  /** Tells others that the provider wants this token to rest for so many milliseconds. */
  pause(refreshToken: string, length: number): Promise<void>;
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
/** Milliseconds for which a refresh is remembered whose result could not be written. */
const unwrittenLife = 600_000;

/** If the shared store is away, this process remembers for itself: nothing is lost meanwhile. */
export function createSuccessions(
  client: { readonly issuer: string; readonly clientId: string },
  { successors, life, now, tell }: SuccessionOptions,
): Successions {
  const local = createMemorySuccessorStore();
  const keyOf = (refreshToken: string) => refreshTokenKey(refreshToken, client);
  const pauseKeyOf = async (refreshToken: string) => `${await keyOf(refreshToken)}.pause`;

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

  return {
    async newest(read) {
      let current: Successor = { tokens: read };
      for (let hops = 0; hops < maxHops && current.tokens.refreshToken !== undefined; hops++) {
        const { refreshToken } = current.tokens;
        const sealed = await lookUp(await keyOf(refreshToken));
        const next = sealed === undefined ? undefined : await openSuccessor(refreshToken, sealed);
        if (!next || next.tokens.updatedAt < current.tokens.updatedAt) break;
        current = next;
        // Without rotation a refresh token is its own successor.
        if (next.tokens.refreshToken === refreshToken) break;
      }
      return current;
    },
    async keep(refreshToken, successor, options) {
      const key = await keyOf(refreshToken);
      const sealed = await sealSuccessor(refreshToken, successor);
      const length = options?.unwritten ? Math.max(life, unwrittenLife) : life;
      if (options?.unwritten) await local.set(key, sealed, length);
      try {
        if (successors) return await successors.set(key, sealed, length);
      } catch {
        tell({ type: 'store.unavailable', port: 'successor' });
      }
      if (!options?.unwritten) await local.set(key, sealed, life);
    },
    async pauseOf(refreshToken) {
      const until = await successors?.get(await pauseKeyOf(refreshToken)).catch(() => undefined);
      return until === undefined ? 0 : Number(until) - now();
    },
    async pause(refreshToken, length) {
      const key = await pauseKeyOf(refreshToken);
      await successors?.set(key, String(now() + length), Math.max(length, 1)).catch(() => {});
    },
  };
}
