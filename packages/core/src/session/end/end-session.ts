import {
  emitIncompleteLogout,
  reportIncompleteLogout,
  revokeEndedLogin,
} from '../../client/logout/incomplete-logout.ts';
import { emitEvent } from '../../client/observability.ts';
import { type AuthError, ConfigurationError } from '../../errors.ts';
import type { SessionReference } from '../backends/session-backend.ts';
import type { SessionState } from '../backends/state/session-state.ts';
import type { SessionContext } from '../context.ts';
import { repeatEnd } from './end-retries.ts';

/** `replaced`: by a new login in the same browser. */
type EndReason = 'logout' | 'replaced';

/** The end of a session. */
export interface SessionEnd {
  /** The last state of the session. Missing if the store is unavailable, or the session cannot be decrypted. */
  readonly state?: SessionState | undefined;
  /** The error of the store. This process repeats the logout in the background, and rejects the session until then. */
  readonly failure?: AuthError;
}

/** Ends a session, whether or not its store is available. */
export async function endSession(
  context: SessionContext,
  session: SessionReference,
  reason: EndReason,
): Promise<SessionEnd> {
  const { backend, client } = context;
  let { state } = session;
  let readError: unknown;
  try {
    state ??= await findState(context, session);
  } catch (error) {
    readError = error;
  }
  const isKnown = state !== undefined;
  const reference = state ? { ...session, state } : session;
  try {
    await backend.end(reference);
    emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason });
    if (readError !== undefined) reportIncompleteLogout(client, 'refresh_token', readError);
    return { state };
  } catch (error) {
    const failure = error as AuthError;
    emitEvent(client, { type: 'store.unavailable', port: 'session' });
    // The failure of a logout is also the response, which is reported with its status.
    const report = reason === 'logout' ? emitIncompleteLogout : reportIncompleteLogout;
    report(client, 'session', failure);
    repeatEnd(context.endRetries, session.key, {
      isKnown,
      end: () => endAgain(context, reference, { reason, isRevoked: isKnown }),
    });
    return { state, failure };
  }
}

/** @param isRevoked false if the refresh token is unknown until the store is available */
async function endAgain(
  context: SessionContext,
  session: SessionReference,
  { reason, isRevoked }: { readonly reason: EndReason; readonly isRevoked: boolean },
): Promise<void> {
  const { backend, client } = context;
  const state = session.state ?? (await findState(context, session).catch(ignoreUnreadable));
  await backend.end(state ? { ...session, state } : session);
  // The identifier of a cookie may be invented.
  if (state || session.pending) emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason });
  if (!isRevoked) await revokeNewestTokens(context, state);
}

/** Revokes the newest known refresh token of a session that has ended. It never throws. */
export async function revokeNewestTokens(
  { client, coordinator }: SessionContext,
  state: SessionState | undefined,
): Promise<void> {
  if (!state) return;
  // The cookie may be older than the last refresh. Some providers ignore the revocation of a spent token.
  const { tokens } = await coordinator.findNewestTokens(state.tokens);
  await revokeEndedLogin(client, tokens.refreshToken);
}

/** No secret of this process decrypts the session. Another attempt would not help, and its end needs only its key. */
function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof ConfigurationError)) throw error;
}

/** An ended session has no state. */
async function findState(
  { backend }: SessionContext,
  session: SessionReference,
): Promise<SessionState | undefined> {
  return (await backend.reload(session, { toEnd: true }))?.state;
}
