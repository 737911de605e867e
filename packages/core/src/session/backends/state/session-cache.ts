import { type Clock, seconds } from '../../../internal/clock.ts';
import { deepFreeze } from '../../../internal/json/json.ts';
import { createTextCache, type TextCache } from '../../../internal/text-cache.ts';
import type { SessionCacheStatistics } from '../session-backend.ts';
import type { SessionState } from './session-state.ts';

/** A session as it was decrypted from a cookie. */
interface CachedSession {
  /** The sealed text. */
  readonly text: string;
  readonly generation: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly state: SessionState;
}

/** The decrypted cookie sessions of one process. */
export interface SessionCache {
  /** Finds a session by its sealed text. Returns `undefined` if it is not cached, and `null` if it is not valid. */
  find(text: string, generation: string): SessionState | null | undefined;
  /** Caches a session. Its state is frozen, because all requests with the same cookie share it. */
  add(session: CachedSession): void;
  getStatistics(): SessionCacheStatistics;
}

/** The entries of a session cache. All copies of an application in one process share them. */
export type SessionEntries = TextCache<CachedSession>;

export const createSessionEntries = (): SessionEntries =>
  createTextCache<CachedSession>({ maxEntries: 1_000, maxCharacters: 4_000_000 });

/**
 * A browser sends its cookie with every request, and a proxy and a page read the same cookie in turn. The cache saves
 * the decryption. The full sealed text is the key, so a changed cookie is never found. Expiry and generation are checked
 * at each lookup; the backend checks logouts.
 */
export function createSessionCache(now: Clock, sessions = createSessionEntries()): SessionCache {
  let hits = 0;
  let misses = 0;
  return {
    find(text, generation) {
      const cachedSession = sessions.get(text);
      if (!cachedSession) {
        misses++;
        return undefined;
      }
      hits++;
      const isValid = cachedSession.generation === generation && cachedSession.expiresAt > seconds(now);
      return isValid ? cachedSession.state : null;
    },
    add(session) {
      deepFreeze(session.state);
      sessions.set(session);
    },
    getStatistics: () => ({ hits, misses, size: sessions.size }),
  };
}
