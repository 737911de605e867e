import { sha256 } from '#platform';
import { type Clock, seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import type { CookieJar } from '../cookies/cookies.ts';
import type { Sealer } from '../cookies/sealer.ts';
import type { LoadedSession, SessionBackend } from './session-backend.ts';
import { packState, type SessionState, unpackState } from './session-state.ts';
import type { SessionRecord, SessionStore } from './session-store.ts';

export interface StoredSessionOptions {
  readonly jar: CookieJar;
  readonly name: string;
  readonly sealer: Sealer;
  /** Of which provider and client sessions are believed. */
  readonly owner: string;
  readonly store: SessionStore;
  /** Seconds. */
  readonly idleLife: number;
  /** Seconds. */
  readonly absoluteLife: number;
  readonly now: Clock;
}

/** Tries of a write that meets others. */
const maxTries = 8;

/**
 * Sessions that live in a store: the cookie holds a random identifier and nothing else.
 * The store knows its hash only, so that who reads the store cannot take over a session.
 */
export function createStoredSessions(options: StoredSessionOptions): SessionBackend {
  const { jar, name, sealer, store, now } = options;

  async function recordOf(state: SessionState, key: string, version: number): Promise<SessionRecord> {
    const { claims } = state.tokens;
    const expiresAt = Math.min(state.usedAt + options.idleLife, state.expiresAt);
    // The key is sealed with the session: a record that was moved to another key does not open.
    const value = await sealer.seal({ ...packState(state), key }, { issuedAt: seconds(now), expiresAt });
    return {
      version,
      value,
      issuer: claims?.iss ?? '',
      sub: claims?.sub ?? '',
      ...(claims?.sid !== undefined && { sid: claims.sid }),
      expiresAt,
    };
  }

  async function read(key: string): Promise<LoadedSession | undefined> {
    const record = await store.get(key);
    if (!record) return undefined;
    const payload = await sealer.open(record.value, seconds(now));
    const state = payload?.key === key ? unpackState(payload, options.owner) : undefined;
    return state && { state, key, version: record.version };
  }

  return {
    kind: 'stored',
    async load(cookies) {
      const identifier = cookies.get(jar.nameOf(name));
      if (identifier === undefined || !/^[\w-]{43}$/.test(identifier)) return undefined;
      return read(await sha256(identifier));
    },
    reload: (loaded) => read(loaded.key),
    async create(state) {
      // Always a new identifier: one that was known before the login must not be logged in by it.
      const identifier = createRandomToken();
      const key = await sha256(identifier);
      await store.set(key, await recordOf(state, key, 1), 0);
      return [jar.make(name, identifier, { maxAge: options.absoluteLife })];
    },
    async write(loaded, change) {
      let current: LoadedSession | undefined = loaded;
      for (let tries = 0; current && tries < maxTries; tries++) {
        const state: SessionState = { ...change(current.state), usedAt: seconds(now) };
        const version = current.version + 1;
        if (await store.set(current.key, await recordOf(state, current.key, version), current.version)) {
          return { loaded: { state, key: current.key, version } };
        }
        current = await read(current.key);
      }
      return false;
    },
    async adopt(loaded, tokens) {
      return (await read(loaded.key)) ?? { ...loaded, state: { ...loaded.state, tokens } };
    },
    cookies: () => [],
    end: (loaded) => store.delete(loaded.key),
    async endWhere(match) {
      await store.deleteWhere(match);
    },
    forget(existing) {
      return existing.has(jar.nameOf(name)) ? [jar.make(name, '', { maxAge: 0 })] : [];
    },
  };
}
