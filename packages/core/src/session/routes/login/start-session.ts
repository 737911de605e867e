import { revokeEndedLogin } from '../../../client/logout/incomplete-logout.ts';
import { LoginRequiredError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { createRandomToken, sha256 } from '../../../internal/encoding.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import type { TokenSet } from '../../../tokens/token-set.ts';
import type { LoadedSession } from '../../backends/session-backend.ts';
import { type SessionState, toOwner } from '../../backends/state/session-state.ts';
import type { SessionContext } from '../../context.ts';
import type { CookieToSet, RequestCookies } from '../../cookies/cookies.ts';
import { endSession, revokeNewestTokens } from '../../end-session.ts';

interface NewSession {
  readonly userinfo?: JsonObject | undefined;
  /** Time of the token request, in seconds since the epoch with fraction. Default: unknown. */
  readonly requestedAt?: number;
  /** Random and secret. Default: a new one. */
  readonly identifier?: string;
}

/** Starts a session with a new identifier. It replaces the sessions of the request. */
export async function startSession(
  context: SessionContext,
  existing: RequestCookies,
  tokens: TokenSet,
  { userinfo, requestedAt, identifier = createRandomToken() }: NewSession = {},
): Promise<{ readonly cookies: readonly CookieToSet[] }> {
  const { backend, client, now } = context;
  const time = seconds(now);
  // A logout during the token request also ends the session that starts with its response.
  const createdAt = requestedAt === undefined ? time : Math.floor(requestedAt);
  const previousSessions = await findPreviousSessions(context, existing).catch(() => []);
  const state: SessionState = {
    id: await sha256(identifier),
    owner: toOwner(client),
    tokens,
    ...(userinfo && { userinfo }),
    createdAt,
    usedAt: time,
    expiresAt: createdAt + context.absoluteLifetime,
  };
  const cookies = await createOrRevoke(context, tokens, () =>
    backend.create(state, existing, { identifier, requestedAt }),
  );
  // End the previous session, so that a copy of its identifier is no longer valid.
  for (const previousSession of previousSessions) {
    const { state: previousState } = await endSession(context, previousSession, 'replaced');
    if (previousState && !mayShareGrant(previousState.tokens, tokens))
      await revokeNewestTokens(context, previousState);
  }
  return { cookies };
}

/**
 * Finds the sessions of all copies of the session cookie that sign in. If there are copies of several users, none signs in: a
 * sibling host has planted one, which would also prevent the new session.
 */
async function findPreviousSessions(
  { backend }: SessionContext,
  existing: RequestCookies,
): Promise<readonly LoadedSession[]> {
  const { sessions } = await backend.identifyAll(existing);
  const accepted = sessions.filter(({ isAccepted }) => isAccepted);
  const loaded = await Promise.all(accepted.map((session) => backend.reload(session, { toEnd: true })));
  return loaded.filter((session) => session !== undefined);
}

/** Revokes the tokens of a login that the provider has ended before its session began. */
async function createOrRevoke<T>(
  { client }: SessionContext,
  tokens: TokenSet,
  create: () => Promise<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (error instanceof LoginRequiredError) await revokeEndedLogin(client, tokens.refreshToken);
    throw error;
  }
}

/**
 * Checks whether the new login may belong to the grant of the previous one: the same user in the same session at the
 * provider. The revocation of a refresh token can revoke its entire grant (RFC 7009 section 2.1), with the new tokens.
 */
function mayShareGrant({ claims: previous }: TokenSet, { claims: next }: TokenSet): boolean {
  if (!previous || !next) return true;
  if (previous.iss !== next.iss || previous.sub !== next.sub) return false;
  return previous.sid === undefined || next.sid === undefined || previous.sid === next.sid;
}
