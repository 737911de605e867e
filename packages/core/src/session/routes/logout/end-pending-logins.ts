import { sha256 } from '#platform';
import { emitIncompleteLogout } from '../../../client/logout/incomplete-logout.ts';
import { emitEvent } from '../../../client/observability.ts';
import { type AuthError, nameForeignError, TransportError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { transactionLifetime } from '../../../protocol/login/authorization-transaction.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import type { SessionContext } from '../../context.ts';
import type { CookieToSet, RequestCookies } from '../../cookies/cookies.ts';
import { endSession, revokeNewestTokens } from '../../end/end-session.ts';
import { listLogins, type PendingLogin } from '../login/transactions/login-transactions.ts';
import {
  createLoginKeys,
  listRestarts,
  recordFailedLogin,
  reserveLogoutRecord,
} from '../login/transactions/used-logins.ts';

/** The end of the pending logins of a browser. */
interface PendingLoginEnds {
  /** Cookies that delete the pending logins. */
  readonly cookies: readonly CookieToSet[];
  /** True if the callback of a login has started, so that the user may be signed in at the provider. */
  readonly hasStarted: boolean;
  /** The first error, if it is unknown whether a login has ended. */
  readonly failure: AuthError | undefined;
  /** The sessions of logins that could not be ended. */
  readonly unfinishedSessions: readonly SessionReference[];
}

/** The end of one login. */
interface PendingLoginEnd {
  readonly hasStarted: boolean;
  readonly failure?: AuthError | undefined;
  /** The sessions of the login that could not be ended. */
  readonly unfinishedSessions: readonly SessionReference[];
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
      listLoginsToEnd(pending).map((login) => endPendingLogin(context, login, { isSignedIn })),
    );
    return {
      cookies: pending.flatMap(({ deleteCookies }) => deleteCookies),
      hasStarted: ends.some(({ hasStarted }) => hasStarted),
      failure: ends.find(({ failure }) => failure)?.failure,
      unfinishedSessions: ends.flatMap(({ unfinishedSessions }) => unfinishedSessions),
    };
  } catch (error) {
    // The sessions of the request have ended. Their logout continues.
    const failure = new TransportError(
      'store_unavailable',
      `The pending logins could not be ended (${nameForeignError(error)}). Log out again.`,
    );
    emitIncompleteLogout(context.client, 'session', failure);
    return { cookies: [], hasStarted: false, failure, unfinishedSessions: [] };
  }
}

/** A login that a logout ends. */
interface LoginToEnd {
  /** The random part of the state. */
  readonly state: string;
  /** `undefined`: it can begin no session whose identifier is known. Its completion is prevented. */
  readonly identifier: string | undefined;
  /** Seconds since the epoch. At least the time at which the login started. */
  readonly createdAt: number;
}

/** Lists the pending logins, and those which they have replaced: their callbacks may be running. */
function listLoginsToEnd(pending: readonly PendingLogin[]): readonly LoginToEnd[] {
  const logins = new Map<string, LoginToEnd>();
  for (const { login } of pending) {
    const { replaced, transaction } = login;
    const { state, createdAt } = transaction;
    // The session of a restart is one of those of the replaced login.
    const identifier = replaced?.identifier === undefined ? login.identifier : undefined;
    logins.set(state, { state, identifier, createdAt });
    if (replaced) logins.set(replaced.state, { ...replaced, createdAt });
  }
  return [...logins.values()];
}

async function endPendingLogin(
  context: SessionContext,
  login: LoginToEnd,
  { isSignedIn }: { readonly isSignedIn: boolean },
): Promise<PendingLoginEnd> {
  const { replay, client } = context;
  const keys = await createLoginKeys(login.state);
  // A callback in this process that is about to start finds this record. In each process, its cookie is deleted.
  recordFailedLogin(context, keys.endedKey);
  try {
    const isStarted = await replay.has(keys.startedKey);
    // The login may have been restarted, so that its end concerns a login that starts now.
    const timeToLive = (transactionLifetime + 1) * 1000;
    const isRecorded =
      isSignedIn || reserveLogoutRecord(context, keys.loggedOutKey, context.now() + timeToLive);
    if (!isStarted && !isRecorded) return { hasStarted: false, unfinishedSessions: [] };
    await replay.claim(isRecorded ? keys.loggedOutKey : keys.endedKey, timeToLive);
    const sessions = await listSessions(login);
    const hasBegun = await Promise.all(sessions.map(({ key }) => replay.has(key)));
    const startedSessions = sessions.filter((_, index) => hasBegun[index]);
    if (startedSessions.length > 0) return await endLoginSessions(context, login, startedSessions);
    if (isRecorded || (await replay.has(keys.startedKey)))
      return { hasStarted: isStarted, unfinishedSessions: [] };
    // The callback has failed meanwhile.
    await replay.release?.(keys.endedKey);
    return { hasStarted: false, unfinishedSessions: [] };
  } catch (error) {
    emitEvent(client, { type: 'store.unavailable', port: 'replay' });
    const sessions = await listSessions(login);
    if (isSignedIn) return endLoginSessions(context, login, sessions);
    emitIncompleteLogout(client, 'session', error);
    return {
      hasStarted: false,
      failure: error as AuthError,
      unfinishedSessions: await Promise.all(
        sessions.map((session) => createReference(context, login, session)),
      ),
    };
  }
}

/** A session that a login, or its restart, can begin. */
interface LoginSession {
  /** In the replay store: the session has begun, or is about to begin. */
  readonly key: string;
  readonly identifier: string;
}

async function listSessions({ state, identifier }: LoginToEnd): Promise<readonly LoginSession[]> {
  if (identifier === undefined) return [];
  const { completedKey } = await createLoginKeys(state);
  return [{ key: completedKey, identifier }, ...(await listRestarts(state, identifier))];
}

async function endLoginSessions(
  context: SessionContext,
  login: LoginToEnd,
  sessions: readonly LoginSession[],
): Promise<PendingLoginEnd> {
  const ends = await Promise.all(
    sessions.map(async (session) => {
      const reference = await createReference(context, login, session);
      const { state, failure } = await endSession(context, reference, 'logout');
      await revokeNewestTokens(context, state);
      return { failure, reference };
    }),
  );
  return {
    hasStarted: true,
    failure: ends.find(({ failure }) => failure)?.failure,
    unfinishedSessions: ends.flatMap(({ failure, reference }) => (failure ? [reference] : [])),
  };
}

async function createReference(
  { now }: SessionContext,
  { createdAt }: LoginToEnd,
  { identifier }: LoginSession,
): Promise<SessionReference> {
  // Not before the time of the token request, by the clock of any process: the login is rejected afterwards.
  const endedAt = Math.max(seconds(now), createdAt + transactionLifetime);
  return { key: await sha256(identifier), pending: { endedAt } };
}
