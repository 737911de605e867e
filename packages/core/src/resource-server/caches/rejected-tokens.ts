import type { Clock } from '../../internal/clock.ts';

/** Rejected tokens that are stored per issuer. */
const maxRejectedTokens = 1_000;

interface RejectedToken {
  /** The error that is thrown again. */
  readonly error: unknown;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Introspected tokens of one issuer that were rejected, by their SHA-256 hash. */
export interface RejectedTokenCache {
  find(hash: string): RejectedToken | undefined;
  add(hash: string, token: RejectedToken): void;
  readonly size: number;
}

export function createRejectedTokenCache(now: Clock): RejectedTokenCache {
  const tokens = new Map<string, RejectedToken>();
  return {
    find(hash) {
      const token = tokens.get(hash);
      return token && token.expiresAt > now() ? token : undefined;
    },
    add(hash, token) {
      // A Map iterates in insertion order: the oldest entry is evicted first.
      tokens.delete(hash);
      for (const oldest of tokens.keys()) {
        if (tokens.size < maxRejectedTokens) break;
        tokens.delete(oldest);
      }
      tokens.set(hash, token);
    },
    get size() {
      return tokens.size;
    },
  };
}
