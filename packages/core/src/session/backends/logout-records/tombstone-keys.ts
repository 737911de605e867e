import { sha256 } from '#platform';
import { getIdentity } from '../../../tokens/token-set.ts';
import type { SessionState } from '../state/session-state.ts';
import type { SessionMatch } from '../stores/session-store.ts';

/** The keys under which a logout of a session is recorded. */
export interface TombstoneKeys {
  /** Logouts of all sessions of the user. */
  readonly ofUser: readonly string[];
  /** Logouts of this session. */
  readonly others: readonly string[];
  readonly all: readonly string[];
}

/**
 * Cached sessions keep their state, so their keys are computed once.
 *
 * @param clientId the client of the sessions
 */
export function createTombstoneKeyReader(
  clientId: string,
): (state: SessionState) => TombstoneKeys | Promise<TombstoneKeys> {
  const knownKeys = new WeakMap<SessionState, TombstoneKeys>();
  const compute = async (state: SessionState) => {
    const keys = await createTombstoneKeys(state, clientId);
    knownKeys.set(state, keys);
    return keys;
  };
  return (state) => knownKeys.get(state) ?? compute(state);
}

async function createTombstoneKeys({ id, tokens }: SessionState, clientId: string): Promise<TombstoneKeys> {
  const others = [createTombstoneKey('id', id)];
  const user = getIdentity(tokens);
  if (user?.sid !== undefined) {
    others.push(createMatchKey({ issuer: user.iss, clientId, sid: user.sid }));
    others.push(createMatchKey({ issuer: user.iss, clientId, sub: user.sub, sid: user.sid }));
  }
  const ofUser = user ? [createMatchKey({ issuer: user.iss, clientId, sub: user.sub })] : [];
  const all = await Promise.all([...ofUser, ...others]);
  return { ofUser: all.slice(0, ofUser.length), others: all.slice(ofUser.length), all };
}

/** Selects sessions of one client. */
export type ClientSessionMatch = SessionMatch & { readonly clientId: string };

/** The key of a logout of all sessions that match. Several clients may share a store. */
export const createMatchKey = ({ issuer, clientId, sub, sid }: ClientSessionMatch) =>
  createTombstoneKey('match', JSON.stringify([issuer, clientId, sub ?? null, sid ?? null]));

export const createTombstoneKey = (kind: string, text: string) => sha256(`countersign ended ${kind} ${text}`);
