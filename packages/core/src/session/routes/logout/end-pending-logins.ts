import { emitIncompleteLogout } from '../../../client/logout/incomplete-logout.ts';
import { emitEvent } from '../../../client/observability.ts';
import { type AuthError, TransportError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { sha256 } from '../../../internal/encoding.ts';
import { transactionLifetime } from '../../../protocol/login/authorization-transaction.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import type { SessionContext } from '../../context.ts';
import type { CookieToSet, RequestCookies } from '../../cookies/cookies.ts';
import { endSession, revokeNewestTokens } from '../../end/end-session.ts';
import { nameForeignError } from '../../pages/failure-report.ts';
import { type LoginTransaction, listLogins } from '../login/login-transactions.ts';
import {
  createLoginKeys,
  createRestartIdentifier,
  recordFailedLogin,
  reserveLogoutRecord,
} from '../login/used-logins.ts';

/** The end of the pending logins of a browser. */
interface PendingLoginEnds {
  /** Cookies that delete the pending logins. */
  readonly cookies: readonly CookieToSet[];
  /** True if the callback of a login has started, so that the user may be signed in at the provider. */
  readonly hasStarted: boolean;
  /** The first error, if it is unknown whether a login has ended. */
  readonly failure: AuthError | undefined;
  /** The sessions of logins that could not be ended. */
  readonly unfinished: readonly SessionReference[];
}

/** The end of one login. */
interface LoginEnd {
  readonly hasStarted: boolean;
  readonly failure?: AuthError | undefined;
  /** The session of the login, if it could not be ended. */
  readonly unfinished?: SessionReference;
}

/**
 * Ends the pending logins of a request that logs out. A login whose code is being exchanged begins no session, and a session
 * whose cookie is on its way to the browser ends.
 *
 * @param options `isSignedIn`: the request had a session. Without one, the count of records in the replay store is limited:
 *   anyone can start logins and log out.
 */
export async function endPendingLogins(
  context: SessionContext,
  existing: RequestCookies,
  { isSignedIn }: { readonly isSignedIn: boolean },
): Promise<PendingLoginEnds> {
  try {
    const pending = await listLogins(context, existing);
    const ends = await Promise.all(
      pending.map(({ login }) => endPendingLogin(context, login, { isSignedIn })),
    );
    return {
      cookies: pending.flatMap(({ deleteCookies }) => deleteCookies),
      hasStarted: ends.some(({ hasStarted }) => hasStarted),
      failure: ends.find(({ failure }) => failure)?.failure,
      unfinished: ends.flatMap(({ unfinished }) => unfinished ?? []),
    };
  } catch (error) {
    // The sessions of the request have ended. Their logout continues.
    const failure = new TransportError(
      'store_unavailable',
      `The pending logins could not be ended (${nameForeignError(error)}). Log out again.`,
    );
    emitIncompleteLogout(context.client, 'session', failure);
    return { cookies: [], hasStarted: false, failure, unfinished: [] };
  }
}

async function endPendingLogin(
  context: SessionContext,
  login: LoginTransaction,
  { isSignedIn }: { readonly isSignedIn: boolean },
): Promise<LoginEnd> {
  const { replay, client } = context;
  const { transaction } = login;
  const keys = await createLoginKeys(transaction.state);
  // A callback in this process that is about to start finds this record. In each process, its cookie is deleted.
  recordFailedLogin(context, keys.ended);
  try {
    const isStarted = await replay.has(keys.started);
    // The login may have been restarted, so that its end concerns a login that starts now.
    const timeToLive = (transactionLifetime + 1) * 1000;
    const isRecorded = isSignedIn || reserveLogoutRecord(context, keys.loggedOut, context.now() + timeToLive);
    if (!isStarted && !isRecorded) return { hasStarted: false };
    await replay.claim(isRecorded ? keys.loggedOut : keys.ended, timeToLive);
    if (await replay.has(keys.completed)) return await endLoginSession(context, login);
    if (await replay.has(keys.restarted)) return await endLoginSession(context, await findRestart(login));
    if (isRecorded || (await replay.has(keys.started))) return { hasStarted: isStarted };
    // The callback has failed meanwhile.
    await replay.release?.(keys.ended);
    return { hasStarted: false };
  } catch (error) {
    emitEvent(client, { type: 'store.unavailable', port: 'replay' });
    if (isSignedIn) {
      await endLoginSession(context, await findRestart(login));
      return endLoginSession(context, login);
    }
    emitIncompleteLogout(client, 'session', error);
    return {
      hasStarted: false,
      failure: error as AuthError,
      unfinished: await createReference(context, login),
    };
  }
}

/** Finds what identifies the session of the login that has replaced another one. */
const findRestart = async (login: LoginTransaction): Promise<LoginTransaction> => ({
  ...login,
  identifier: await createRestartIdentifier(login.identifier),
});

/** Ends the session that a login has begun, or is about to begin. */
async function endLoginSession(context: SessionContext, login: LoginTransaction): Promise<LoginEnd> {
  const reference = await createReference(context, login);
  const { state, failure } = await endSession(context, reference, 'logout');
  await revokeNewestTokens(context, state);
  return { hasStarted: true, failure, ...(failure && { unfinished: reference }) };
}

async function createReference(
  { now }: SessionContext,
  { identifier, transaction }: LoginTransaction,
): Promise<SessionReference> {
  // Not before the time of the token request, by the clock of any process: the login is rejected afterwards.
  const endedAt = Math.max(seconds(now), transaction.createdAt + transactionLifetime);
  return { key: await sha256(identifier), pending: { endedAt } };
}
