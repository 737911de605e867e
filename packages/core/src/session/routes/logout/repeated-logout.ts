import type { AuthError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { isJsonObject } from '../../../internal/json/json.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import type { SessionContext } from '../../context.ts';
import { endSession, revokeNewestTokens } from '../../end/end-session.ts';

/** Seconds for which a logout that failed can be repeated. */
const lifetime = 86_400;
/** Maximum sessions that are repeated. The server repeats all of them itself. */
const maxSessions = 20;

/** A logout that failed and is repeated. */
interface RepeatedLogout {
  /** The address at which the logout continues. */
  readonly url: string;
  readonly failure: AuthError | undefined;
  readonly unfinishedSessions: readonly SessionReference[];
}

/**
 * Creates the value of a form field with which the logout is repeated. The response has deleted the cookies of the sessions,
 * so the value identifies them. It is encrypted, and does not sign in.
 */
export async function createLogoutRetry(
  { logoutSealer, now }: SessionContext,
  {
    url,
    unfinishedSessions,
  }: { readonly url: string; readonly unfinishedSessions: readonly SessionReference[] },
): Promise<string> {
  const issuedAt = seconds(now);
  const sessions = unfinishedSessions.slice(0, maxSessions).map(({ key, state, pending }) => ({
    key,
    endedAt: pending?.endedAt ?? Math.max(issuedAt, state?.createdAt ?? 0),
  }));
  return logoutSealer.encrypt({ url, sessions }, { issuedAt, expiresAt: issuedAt + lifetime });
}

/**
 * Ends the sessions of a logout that failed.
 *
 * @returns `undefined` if the value is not one of {@link createLogoutRetry}
 */
export async function repeatLogout(
  context: SessionContext,
  value: string | undefined,
): Promise<RepeatedLogout | undefined> {
  if (value === undefined) return undefined;
  const payload = await context.logoutSealer.decrypt(value, seconds(context.now));
  if (!payload || typeof payload.url !== 'string' || !Array.isArray(payload.sessions)) return undefined;
  const references = payload.sessions.filter(isJsonObject).map(({ key, endedAt }) => ({
    key: String(key),
    pending: { endedAt: Number(endedAt) },
  }));
  const ends = await Promise.all(
    references.map(async (reference) => {
      const { state, failure } = await endSession(context, reference, 'logout');
      await revokeNewestTokens(context, state);
      return { reference, failure };
    }),
  );
  return {
    url: payload.url,
    failure: ends.find(({ failure }) => failure)?.failure,
    unfinishedSessions: ends.flatMap(({ reference, failure }) => (failure ? [reference] : [])),
  };
}
