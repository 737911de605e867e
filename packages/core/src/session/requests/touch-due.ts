import { seconds } from '../../internal/clock.ts';
import { isValid } from '../../tokens/token-set.ts';
import type { SessionState } from '../backends/state/session-state.ts';
import type { SessionContext } from '../context.ts';

/** Fraction of the idle lifetime after which a use is written. */
const touchShare = 0.1;
/** Seconds before the expiry of an access token in which another request may be refreshing it. */
const refreshMargin = 120;

/** Checks whether the use of a session must be written. Most uses are not, because each write costs a cookie or a request. */
export const isTouchDue = ({ idleLifetime, now }: SessionContext, { usedAt }: SessionState): boolean =>
  seconds(now) - usedAt >= idleLifetime * touchShare;

/** Near a refresh, the cookie of a previous state would restore a refresh token that another request has spent. */
export function isNearRefresh({ backend, now }: SessionContext, { tokens }: SessionState): boolean {
  if (backend.kind === 'stored' || tokens.refreshToken === undefined) return false;
  return !tokens.accessTokens.every((entry) => isValid(entry, seconds(now), refreshMargin));
}
