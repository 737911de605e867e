import { ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import { transactionLifetime } from '../../protocol/login/authorization-transaction.ts';
import type { SessionContext } from '../context.ts';
import type { LoginTransaction } from './login-transactions.ts';

/** Maximum count of failed logins that this process records; the oldest is evicted. */
const maxFailedLogins = 10_000;

/**
 * Completes a login at most once. The login is consumed before its response is validated (RFC 9700 section 4.7.1).
 *
 * Anyone can start a login and send a response for it. The replay store therefore records only logins in progress and
 * completed logins, which need a code that the provider accepts. A failed login is consumed by the deletion of its
 * cookie; in addition, this process records the most recent ones.
 *
 * @throws ValidationError `transaction_invalid` if the login was used before
 */
export async function runLoginOnce<T>(
  context: SessionContext,
  { transaction }: LoginTransaction,
  complete: () => Promise<T>,
): Promise<T> {
  const { replay, failedLogins, now } = context;
  const key = `login ${await sha256(transaction.state)}`;
  // After this time the transaction is rejected as expired.
  const timeToLive = Math.max(transaction.createdAt + transactionLifetime + 1 - seconds(now), 1);
  if (failedLogins.has(key) || !(await replay.claim(key, timeToLive * 1000))) {
    throw new ValidationError(
      'transaction_invalid',
      'used',
      'This login has been used before. Start a new login.',
    );
  }
  try {
    return await complete();
  } catch (error) {
    failedLogins.add(key);
    for (const oldest of failedLogins) {
      if (failedLogins.size <= maxFailedLogins) break;
      failedLogins.delete(oldest);
    }
    // If the store is unavailable, the key stays claimed until it expires.
    await replay.release?.(key).catch(() => {});
    throw error;
  }
}
