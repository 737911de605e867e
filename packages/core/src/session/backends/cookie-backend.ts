import { sha256 } from '#platform';
import { type Clock, seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { deepFreeze } from '../../internal/json/json.ts';
import { createTextCache } from '../../internal/text-cache.ts';
import { deleteChunks, readChunks, writeChunks } from '../cookies/chunks.ts';
import type { CookieJar } from '../cookies/cookies.ts';
import type { Sealer } from '../cookies/sealer.ts';
import type { SessionBackend } from './session-backend.ts';
import { packState, type SessionState, unpackState } from './session-state.ts';
import type { SessionMatch, TombstoneStore } from './session-store.ts';

export interface CookieSessionOptions {
  readonly jar: CookieJar;
  readonly name: string;
  readonly sealer: Sealer;
  /** Of which provider and client sessions are believed. */
  readonly owner: string;
  readonly tombstones: TombstoneStore;
  /** Seconds. */
  readonly idleLife: number;
  /** Seconds. */
  readonly absoluteLife: number;
  readonly now: Clock;
}

/** A session as a cookie has brought it. Frozen: the next request with this cookie is given the same. */
interface OpenedSession {
  readonly text: string;
  readonly generation: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly state: SessionState;
}

/**
 * A browser sends its cookie with every request, and a proxy and a page open the same one after another. What was
 * opened is remembered by the whole sealed text; whether it has ended is asked each time.
 */
const remembered = { maxEntries: 1_000, maxCharacters: 4_000_000 };

/** Sessions that live in the cookie alone: everything is sealed in it. */
export function createCookieSessions(options: CookieSessionOptions): SessionBackend {
  const { jar, name, sealer, tombstones, now } = options;

  /** Seconds until the session ends if nobody uses it again. */
  const lifeOf = (state: SessionState) =>
    Math.min(state.usedAt + options.idleLife, state.expiresAt) - seconds(now);

  async function seal(state: SessionState): Promise<string> {
    const generation = createRandomToken().slice(0, 8);
    const issuedAt = seconds(now);
    const times = { issuedAt, expiresAt: issuedAt + lifeOf(state) };
    const text = await sealer.seal({ ...packState(state), generation }, times);
    return `${generation}~${text}`;
  }

  const opened = createTextCache<OpenedSession>(remembered);

  function open(
    text: string,
    generation: string,
  ): Promise<SessionState | undefined> | SessionState | undefined {
    const known = opened.get(text);
    if (!known) return unseal(text, generation);
    return known.generation === generation && known.expiresAt > seconds(now) ? known.state : undefined;
  }

  async function unseal(text: string, generation: string): Promise<SessionState | undefined> {
    const payload = await sealer.open(text, seconds(now));
    // Every chunk names the generation, and the sealed text names it again.
    if (payload?.generation !== generation) return undefined;
    const state = unpackState(payload, options.owner);
    if (state) opened.set({ text, generation, expiresAt: payload.exp, state: deepFreeze(state) });
    return state;
  }

  async function alive(state: SessionState): Promise<boolean> {
    const { ofUser, others, all } = knownKeys.get(state) ?? (await tombstoneKeys(state));
    const endedAt = await tombstones.latest(all);
    if (endedAt === undefined || endedAt < state.createdAt) return true;
    if (state.endedBefore === undefined) return false;
    const [user, other = 0] = await Promise.all([tombstones.latest(ofUser), tombstones.latest(others)]);
    return user === state.endedBefore && other < state.createdAt;
  }

  /**
   * A logout of the user's other sessions, in the very second in which this one begins.
   * It is known by its tombstone, which was there already, and is older than the request for the tokens of this session:
   * clocks alone could not tell it from a logout that comes now.
   */
  async function endedBefore(state: SessionState, askedAt: number | undefined): Promise<number | undefined> {
    if (askedAt === undefined) return undefined;
    try {
      const { ofUser } = await tombstoneKeys(state);
      const endedAt = await tombstones.latest(ofUser);
      return endedAt !== undefined && endedAt >= state.createdAt && endedAt < askedAt ? endedAt : undefined;
    } catch {
      // Nobody knows of a logout before this login: one of the same second will count.
      return undefined;
    }
  }

  return {
    kind: 'cookie',
    async load(cookies) {
      const value = readChunks(jar, name, cookies);
      const state = value && (await open(value.text, value.generation));
      if (!state || !(await alive(state))) return undefined;
      return { state, key: state.id, version: 0 };
    },
    async reload(loaded) {
      return (await alive(loaded.state)) ? loaded : undefined;
    },
    async create(state, cookies, askedAt) {
      const ended = await endedBefore(state, askedAt);
      return this.cookies(
        await seal(ended === undefined ? state : { ...state, endedBefore: ended }),
        cookies,
      );
    },
    async write(loaded, change) {
      // A logout that came meanwhile stays: the cookie of the running request must not bring the session back.
      if (!(await alive(loaded.state))) return false;
      const state = { ...change(loaded.state), usedAt: seconds(now) };
      return { loaded: { ...loaded, state }, carry: await seal(state) };
    },
    async adopt(loaded, tokens, carry) {
      const [generation = '', text = ''] = carry?.split('~') ?? [];
      const theirs = await open(text, generation);
      // Only the cookie of this very session is taken over; otherwise the tokens are sealed anew for this one.
      if (theirs?.id === loaded.state.id && carry !== undefined) return { ...loaded, state: theirs, carry };
      const state = { ...loaded.state, tokens };
      return { ...loaded, state, carry: await seal(state) };
    },
    cookies(carry, existing) {
      if (carry === undefined) return [];
      const at = carry.indexOf('~');
      const value = {
        text: carry.slice(at + 1),
        generation: carry.slice(0, at),
        maxAge: options.absoluteLife,
      };
      return writeChunks(jar, name, value, existing);
    },
    async end(loaded) {
      const { ofUser } = await tombstoneKeys(loaded.state);
      await addTombstone(await tombstoneKey('id', loaded.state.id), {
        endedAt: seconds(now),
        coveredBy: ofUser[0],
      });
    },
    async endWhere(match, endedAt) {
      const key = await matchKey(match);
      // Later than the one of before in any case, whatever the clocks of two processes say: no session may take it for that one.
      const before = await tombstones.latest([key]);
      const { issuer, sub, sid } = match;
      const coveredBy = sub === undefined || sid === undefined ? undefined : await matchKey({ issuer, sub });
      await addTombstone(key, {
        endedAt: before === undefined ? endedAt : Math.max(endedAt, before + 0.001),
        coveredBy,
      });
    },
    forget: (existing) => deleteChunks(jar, name, existing),
  };

  function addTombstone(
    key: string,
    { endedAt, coveredBy }: { readonly endedAt: number; readonly coveredBy: string | undefined },
  ): Promise<void> {
    return tombstones.set(key, endedAt, options.absoluteLife * 1000, { coveredBy });
  }
}

interface TombstoneKeys {
  readonly ofUser: readonly string[];
  readonly others: readonly string[];
  readonly all: readonly string[];
}

const knownKeys = new WeakMap<SessionState, TombstoneKeys>();

/** Of all sessions of the user, and of this one. */
async function tombstoneKeys(state: SessionState): Promise<TombstoneKeys> {
  const known = knownKeys.get(state);
  if (known) return known;
  const {
    id,
    tokens: { claims },
  } = state;
  const others = [tombstoneKey('id', id)];
  if (claims?.sid !== undefined) {
    others.push(matchKey({ issuer: claims.iss, sid: claims.sid }));
    others.push(matchKey({ issuer: claims.iss, sub: claims.sub, sid: claims.sid }));
  }
  const ofUser = claims ? [matchKey({ issuer: claims.iss, sub: claims.sub })] : [];
  const all = await Promise.all([...ofUser, ...others]);
  const keys = { ofUser: all.slice(0, ofUser.length), others: all.slice(ofUser.length), all };
  knownKeys.set(state, keys);
  return keys;
}

const matchKey = ({ issuer, sub, sid }: SessionMatch) =>
  tombstoneKey('match', JSON.stringify([issuer, sub ?? null, sid ?? null]));

const tombstoneKey = (kind: string, text: string) => sha256(`countersign ended ${kind} ${text}`);
