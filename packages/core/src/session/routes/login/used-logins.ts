import { LoginRequiredError, ValidationError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { sha256 } from '../../../internal/encoding.ts';
import { reserveRecord } from '../../../internal/reserve-record.ts';
import { transactionLifetime } from '../../../protocol/login/authorization-transaction.ts';
import { createEndedLoginError } from '../../backends/logout-records/ended-login.ts';
import type { SessionContext } from '../../context.ts';
import type { LoginTransaction } from './login-transactions.ts';

/** Maximum count of failed logins that this process records; the oldest is evicted. */
const maxFailedLogins = 10_000;

/**
 * Maximum count of logins that this process records at a time in the replay store because a browser without a session has
 * logged out: anyone can start logins and log out.
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
    if (failedLogins.has(keys.ended)) throw createEndedLoginError();
    if (failedLogins.has(keys.started)) throw createUsedError();
  };
  requireUnused();
  if (!(await replay.claim(keys.started, getRemainingMilliseconds(context, transaction))))
    throw createUsedError();
  try {
    // A logout may have ended the login meanwhile.
    requireUnused();
    return await complete();
  } catch (error) {
    recordFailedLogin(context, keys.started);
    // Another callback of the login may begin as soon as the start is released. The record of a logout that has rejected this
    // callback also concerns that one. Any other record is released first.
    const isRejected = error instanceof LoginRequiredError;
    // If the store is unavailable, the keys stay claimed until they expire.
    for (const key of isRejected ? [keys.started] : [keys.ended, keys.started])
      await replay.release?.(key)?.catch(() => {});
    throw error;
  }
}

/**
 * Claims the completion of a login whose code was exchanged. A logout claims its end, and each then looks for the claim of
 * the other, so that at least one of them ends the session. A logout during the restart of a login may have the cookie of
 * the replaced login only.
 *
 * @throws LoginRequiredError `session_ended` if a logout has ended the login
 */
export async function claimCompletion(
  context: SessionContext,
  { transaction, replacedState }: LoginTransaction,
): Promise<void> {
  const { replay } = context;
  const { completed, ended, loggedOut } = await createLoginKeys(transaction.state);
  const timeToLive = getRemainingMilliseconds(context, transaction);
  await replay.claim(completed, timeToLive);
  if (replacedState !== undefined)
    await replay.claim((await createLoginKeys(replacedState)).restarted, timeToLive);
  const ends = await Promise.all([ended, loggedOut].map((key) => replay.has(key)));
  if (ends.includes(true)) throw createEndedLoginError();
  if (replacedState !== undefined && (await hasLoggedOut(context, replacedState)))
    throw createEndedLoginError();
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
  const { ended, loggedOut } = await createLoginKeys(state);
  if (failedLogins.has(ended)) return true;
  return (await Promise.all([ended, loggedOut].map((key) => replay.has(key)))).includes(true);
}

/** Creates the identifier of the session that the restart of a login begins. A logout with the replaced login finds it. */
export const createRestartIdentifier = (identifier: string): Promise<string> =>
  sha256(`restart ${identifier}`);

/** Keys of one login in the replay store. */
interface LoginKeys {
  /** A callback of the login has started. Released if it fails. */
  readonly started: string;
  /** The code was exchanged. */
  readonly completed: string;
  /** The login that replaced this one was completed. */
  readonly restarted: string;
  /** A browser without a session has logged out, beyond {@link maxLogoutRecords}. Released if the callback fails. */
  readonly ended: string;
  /** The browser has logged out. */
  readonly loggedOut: string;
}

export async function createLoginKeys(state: string): Promise<LoginKeys> {
  const createKey = async (text: string) => `login ${await sha256(text)}`;
  const [started, completed, restarted, ended, loggedOut] = await Promise.all([
    createKey(state),
    createKey(`completed ${state}`),
    createKey(`restarted ${state}`),
    createKey(`ended ${state}`),
    createKey(`logged out ${state}`),
  ]);
  return { started, completed, restarted, ended, loggedOut };
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

const createUsedError = () =>
  new ValidationError('transaction_invalid', 'used', 'This login has been used before. Start a new login.');
