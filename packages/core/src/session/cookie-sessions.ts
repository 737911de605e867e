import { sha256 } from '#platform';
import { type Clock, seconds } from '../internal/clock.ts';
import { randomToken } from '../internal/encoding.ts';
import { deleteChunks, readChunks, writeChunks } from './chunks.ts';
import type { CookieJar } from './cookies.ts';
import type { SessionKeeper } from './keeper.ts';
import type { Sealer } from './sealer.ts';
import { packState, type SessionState, unpackState } from './session.ts';
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

/** Sessions that live in the cookie alone: everything is sealed in it. */
export function createCookieSessions(options: CookieSessionOptions): SessionKeeper {
  const { jar, name, sealer, tombstones, now } = options;

  /** Seconds until the session ends if nobody uses it again. */
  const lifeOf = (state: SessionState) =>
    Math.min(state.usedAt + options.idleLife, state.expiresAt) - seconds(now);

  async function seal(state: SessionState): Promise<string> {
    const generation = randomToken().slice(0, 8);
    const issuedAt = seconds(now);
    const times = { issuedAt, expiresAt: issuedAt + lifeOf(state) };
    const text = await sealer.seal({ ...packState(state), generation }, times);
    return `${generation}~${text}`;
  }

  async function open(text: string, generation: string): Promise<SessionState | undefined> {
    const payload = await sealer.open(text, seconds(now));
    // Every chunk names the generation, and the sealed text names it again.
    return payload?.generation === generation ? unpackState(payload, options.owner) : undefined;
  }

  async function alive(state: SessionState): Promise<boolean> {
    const endedAt = await tombstones.latest(await tombstoneKeys(state));
    return endedAt === undefined || endedAt < state.createdAt;
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
    async create(state, cookies) {
      return this.cookies(await seal(state), cookies);
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
      await bury([await tombstoneKey('id', loaded.state.id)], seconds(now));
    },
    async endWhere(match, endedAt) {
      await bury([await matchKey(match)], endedAt);
    },
    forget: (existing) => deleteChunks(jar, name, existing),
  };

  async function bury(keys: readonly string[], endedAt: number): Promise<void> {
    for (const key of keys) await tombstones.set(key, endedAt, options.absoluteLife * 1000);
  }
}

function tombstoneKeys(state: SessionState): Promise<string[]> {
  const { claims } = state.tokens;
  const keys = [tombstoneKey('id', state.id)];
  if (claims) {
    keys.push(matchKey({ issuer: claims.iss, sub: claims.sub }));
    if (claims.sid !== undefined) {
      keys.push(matchKey({ issuer: claims.iss, sid: claims.sid }));
      keys.push(matchKey({ issuer: claims.iss, sub: claims.sub, sid: claims.sid }));
    }
  }
  return Promise.all(keys);
}

const matchKey = ({ issuer, sub, sid }: SessionMatch) =>
  tombstoneKey('match', JSON.stringify([issuer, sub ?? null, sid ?? null]));

const tombstoneKey = (kind: string, text: string) => sha256(`countersign ended ${kind} ${text}`);
