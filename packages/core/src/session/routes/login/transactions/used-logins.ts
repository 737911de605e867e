import { sha256 } from '#platform';
import { LoginRequiredError, ValidationError } from '../../../../errors.ts';
import { seconds } from '../../../../internal/clock.ts';
import { reserveRecord } from '../../../../internal/reserve-record.ts';
import { transactionLifetime } from '../../../../protocol/login/authorization-transaction.ts';
import { createEndedLoginError } from '../../../backends/logout-records/ended-login.ts';
import type { SessionContext } from '../../../context.ts';
import type { LoginTransaction } from './pending-login.ts';

/** Maximum count of failed logins that this process records; the oldest is evicted. */
const maxFailedLogins = 10_000;

/**
 * Maximum count of logins that this process records at a time in the replay store, because a browser without a session has
 * logged out. Anyone can start logins and log out.
 */
const maxLogoutRecords = 1_000;

/**
 * Completes a login at most once. The login is consumed before its response is validated (RFC 9700 section 4.7.1).
 *
 * Anyone can start a login and send a response for it. The replay store therefore records only logins in progress and
 * completed logins, which need a code that the provider accepts. A failed login is consumed by the deletion of its
 * cookie; in addition, this process records the most recent ones.
 *
 * @throws ValidationError `transaction_invalid` if the login was used before, LoginRequiredError if a logout has ended it
 */
export async function runLoginOnce<T>(
  context: SessionContext,
  { transaction }: LoginTransaction,
  complete: () => Promise<T>,
): Promise<T> {
  const { replay, failedLogins } = context;
  const keys = await createLoginKeys(transaction.state);
  const requireUnused = () => {
    if (failedLogins.has(keys.endedKey)) throw createEndedLoginError();
    if (failedLogins.has(keys.startedKey)) throw createUsedError();
  };
  requireUnused();
  if (!(await replay.claim(keys.startedKey, getRemainingMilliseconds(context, transaction))))
    throw createUsedError();
  try {
    // A logout may have ended the login meanwhile.
    requireUnused();
    return await complete();
  } catch (error) {
    recordFailedLogin(context, keys.startedKey);
    // Another callback of the login may begin as soon as the start is released. The record of a logout that has rejected this
    // callback also concerns that one. Any other record is released first.
    const isRejected = error instanceof LoginRequiredError;
    // If the store is unavailable, the keys stay claimed until they expire.
    for (const key of isRejected ? [keys.startedKey] : [keys.endedKey, keys.startedKey])
      await replay.release?.(key)?.catch(() => {});
    throw error;
  }
}

/**
 * Claims the completion of a login whose code was exchanged. A logout claims its end, and each then looks for the claim of
 * the other, so that at least one of them ends the session. A logout with the cookie of the replaced login ends this one, too.
 *
 * @returns the identifier of the session
 * @throws LoginRequiredError `session_ended` if a logout has ended the login, ValidationError `transaction_invalid` if too many
 *   restarts of one login were completed
 */
export async function claimCompletion(context: SessionContext, login: LoginTransaction): Promise<string> {
  const { replaced, transaction } = login;
  const identifier = await claimIdentifier(context, login);
  const states = [transaction.state, ...(replaced ? [replaced.state] : [])];
  const ends = await Promise.all(states.map((state) => hasLoggedOut(context, state)));
  if (ends.includes(true)) throw createEndedLoginError();
  return identifier;
}

/** A logout that has the cookie of the login, or of the replaced one, finds the claim and the identifier. */
async function claimIdentifier(
  context: SessionContext,
  { replaced, transaction, identifier }: LoginTransaction,
): Promise<string> {
  const { replay } = context;
  const timeToLive = getRemainingMilliseconds(context, transaction);
  if (replaced?.identifier === undefined) {
    await replay.claim((await createLoginKeys(transaction.state)).completedKey, timeToLive);
    return identifier;
  }
  for (const restart of await listRestarts(replaced.state, replaced.identifier))
    if (await replay.claim(restart.key, timeToLive)) return restart.identifier;
  throw createUsedError();
}

/**
 * Checks whether the browser has logged out since the start of a login.
 *
 * @param state the random part of the state
 */
export async function hasLoggedOut(
  { failedLogins, replay }: SessionContext,
  state: string,
): Promise<boolean> {
  const { endedKey, loggedOutKey } = await createLoginKeys(state);
  if (failedLogins.has(endedKey)) return true;
  return (await Promise.all([endedKey, loggedOutKey].map((key) => replay.has(key)))).includes(true);
}

/** Maximum count of restarts of one login that are completed: of a callback that was sent several times, for example. */
const maxRestarts = 4;

/** A session that a restart of a login can begin. */
interface RestartedLogin {
  /** In the replay store: the session has begun. */
  readonly key: string;
  readonly identifier: string;
}

/** Checks whether a callback of a login has started. If the store is unavailable, it is unknown: false. */
export async function hasStarted({ replay }: SessionContext, state: string): Promise<boolean> {
  const { startedKey } = await createLoginKeys(state);
  return replay.has(startedKey).catch(() => false);
}

/**
 * Lists the sessions that the restarts of a login can begin. They follow from its state and identifier, so that a logout with
 * its cookie finds all of them.
 */
export const listRestarts = (state: string, identifier: string): Promise<readonly RestartedLogin[]> =>
  Promise.all(
    Array.from({ length: maxRestarts }, async (_, position) => ({
      key: `login ${await sha256(`restart ${position} ${state}`)}`,
      identifier: await sha256(`restart ${position} ${identifier}`),
    })),
  );

/** Keys of one login in the replay store. */
interface LoginKeys {
  /** A callback of the login has started. Released if it fails. */
  readonly startedKey: string;
  /** The code was exchanged. */
  readonly completedKey: string;
  /** A browser without a session has logged out, beyond {@link maxLogoutRecords}. Released if the callback fails. */
  readonly endedKey: string;
  /** The browser has logged out. */
  readonly loggedOutKey: string;
}

export async function createLoginKeys(state: string): Promise<LoginKeys> {
  const createKey = async (text: string) => `login ${await sha256(text)}`;
  const [startedKey, completedKey, endedKey, loggedOutKey] = await Promise.all([
    createKey(state),
    createKey(`completed ${state}`),
    createKey(`ended ${state}`),
    createKey(`logged out ${state}`),
  ]);
  return { startedKey, completedKey, endedKey, loggedOutKey };
}

/**
 * Reserves the record of a logout by a browser without a session, until the login expires.
 *
 * @returns false if there are {@link maxLogoutRecords} others
 */
export function reserveLogoutRecord(
  { logoutRecords, now }: Pick<SessionContext, 'logoutRecords' | 'now'>,
  key: string,
  expiresAt: number,
): boolean {
  return reserveRecord(logoutRecords, key, { now: now(), expiresAt, limit: maxLogoutRecords });
}

/** Returns the time after which the transaction is rejected as expired. */
export function getRemainingMilliseconds(
  { now }: SessionContext,
  { createdAt }: LoginTransaction['transaction'],
): number {
  return Math.max(createdAt + transactionLifetime + 1 - seconds(now), 1) * 1000;
}

/** Records in this process that a login failed or was ended. */
export function recordFailedLogin({ failedLogins }: SessionContext, key: string): void {
  failedLogins.add(key);
  for (const oldest of failedLogins) {
    if (failedLogins.size <= maxFailedLogins) break;
    failedLogins.delete(oldest);
  }
}

/** Checks whether a login was rejected because another request has used it. */
export const isUsed = (error: unknown): boolean => error instanceof ValidationError && error.check === 'used';

const createUsedError = () =>
  new ValidationError('transaction_invalid', 'used', 'This login has been used before. Start a new login.');
