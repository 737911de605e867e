import { ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import { transactionLifetime } from '../../protocol/authorization-transaction.ts';
import type { SessionContext } from '../options.ts';
import type { LoginTransaction } from './login-transactions.ts';

/** Logins of this process that failed, at most; the oldest is forgotten. */
const maxFailedLogins = 10_000;

/**
 * Runs a login once. It is consumed before anything of the answer is validated (RFC 9700 section 4.7.1).
 *
 * Anybody can start a login and send an answer for it. So the replay store keeps only logins that are being completed,
 * and logins that were completed, which takes a code that the provider has accepted. A login that failed is
 * consumed by the deletion of its cookie; beyond that this process remembers the last ones.
 *
 * @throws ValidationError `transaction_invalid` when the login has been used before
 */
export async function runLoginOnce<T>(
  context: SessionContext,
  { transaction }: LoginTransaction,
  complete: () => Promise<T>,
): Promise<T> {
  const { replay, failedLogins, now } = context;
  const key = `login ${await sha256(transaction.state)}`;
  // After its own life the transaction is refused as expired.
  const life = Math.max(transaction.createdAt + transactionLifetime + 1 - seconds(now), 1);
  if (failedLogins.has(key) || !(await replay.claim(key, life * 1000))) {
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
    // While the store is unavailable the key stays until its time is over.
    await replay.release?.(key).catch(() => {});
    throw error;
  }
}
