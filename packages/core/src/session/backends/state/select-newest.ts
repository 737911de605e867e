import { getIdentity } from '../../../tokens/token-set.ts';
import type { SessionState } from './session-state.ts';

/**
 * Selects the newest of several copies of a session cookie. Copies of different users are not accepted: a sibling host may
 * have planted the session of an attacker.
 */
export function selectNewest(states: readonly SessionState[]): SessionState | undefined {
  const toUser = ({ tokens }: SessionState) => {
    const user = getIdentity(tokens);
    return JSON.stringify([user?.iss, user?.sub]);
  };
  if (new Set(states.map(toUser)).size > 1) return undefined;
  const isNewer = (a: SessionState, b: SessionState) =>
    (a.tokens.updatedAt - b.tokens.updatedAt || a.usedAt - b.usedAt || a.createdAt - b.createdAt) >= 0;
  // Browsers send the copy that was set later at the end.
  return states.reduce<SessionState | undefined>(
    (newest, state) => (!newest || isNewer(state, newest) ? state : newest),
    undefined,
  );
}
