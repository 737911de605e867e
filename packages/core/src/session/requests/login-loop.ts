import { sha256 } from '#platform';
import { AuthorizationServerError, LoginRequiredError } from '../../errors.ts';
import { type Clock, seconds } from '../../internal/clock.ts';
import { getIdentity } from '../../tokens/token-set.ts';
import type { SessionState } from '../backends/state/session-state.ts';
import type { SessionTokenRequest } from './request-session.ts';

/** A login that was required after a rejected refresh. */
export interface RequiredLogin {
  /** The session whose refresh was rejected. */
  readonly sessionId: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** Seconds after which a rejection leads to another login, although the last one did not help. */
const repeatedLoginPause = 600;
/** Seconds of that limit after the provider ended the login. Shorter: a provider may end several logins of a user at once. */
const endedLoginPause = 60;
/** Entries in memory. If an entry is evicted, its login is required once more. */
const maxEntries = 10_000;

/**
 * Ends the loop of a user whose refresh is rejected again after each login: the provider logs the user in without
 * interaction, and each page redirects to the login again. If the session began after the last LoginRequiredError for the same
 * user and token, the login did not help, and the caller receives an AuthorizationServerError instead.
 *
 * @param error the error of `getAccessToken`
 */
export async function endLoginLoop(
  { requiredLogins, now }: { readonly requiredLogins: Map<string, RequiredLogin>; readonly now: Clock },
  { id, tokens, createdAt }: SessionState,
  request: SessionTokenRequest,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof LoginRequiredError)) return error;
  const pause = selectPause(error);
  if (pause === undefined) return error;
  // A page may pass input of the request as scope or resource, of any length.
  const user = getIdentity(tokens);
  const key = await sha256(JSON.stringify([user?.iss, user?.sub, request.resource, request.scope]));
  const time = seconds(now);
  const required = requiredLogins.get(key);
  // A session of the same second may have begun before, in another browser.
  const hasLoggedIn =
    required !== undefined &&
    required.sessionId !== id &&
    createdAt > required.time &&
    time < required.time + pause;
  if (hasLoggedIn) {
    return new AuthorizationServerError(
      'token_error',
      `${error.message} A login of this user did not help: the provider has rejected the refresh again.`,
      { error: error.error ?? '', status: error.status },
    );
  }
  requiredLogins.delete(key);
  for (const [oldest, entry] of requiredLogins) {
    if (requiredLogins.size < maxEntries && time < entry.time + repeatedLoginPause) break;
    requiredLogins.delete(oldest);
  }
  requiredLogins.set(key, { sessionId: id, time });
  return error;
}

/** Returns `undefined` if the provider did not reject the refresh, for example after a logout. */
function selectPause({ code, status }: LoginRequiredError): number | undefined {
  if (code === 'refresh_rejected' || code === 'interaction_required') return repeatedLoginPause;
  return code === 'session_ended' && status !== undefined ? endedLoginPause : undefined;
}
