import { reportIncompleteLogout, revokeEndedLogin } from '../../../client/logout/incomplete-logout.ts';
import { ConfigurationError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { getIdentity, type TokenSet } from '../../../tokens/token-set.ts';
import type { LoadedSession, SessionBackend, SessionReference } from '../../backends/session-backend.ts';
import type { SessionState } from '../../backends/state/session-state.ts';
import type { SessionContext } from '../../context.ts';
import type { RequestCookies } from '../../cookies/cookies.ts';
import { endSession, revokeNewestTokens } from '../../end/end-session.ts';

/** A session that a pending login replaces, as its encrypted cookie stores it. */
export interface PreviousSession extends SessionReference {
  /** The refresh token does not fit in the cookie. */
  readonly isTokenOmitted?: true;
  /** Without a state: when the session began, in seconds since the epoch. */
  readonly createdAt?: number;
}

/** Maximum count of sessions in the cookie of a pending login. Further ones are copies that a sibling host has planted. */
const maxStored = 4;

/**
 * Finds the sessions of all accepted copies of the session cookie, expired ones last. If there are copies of several users,
 * none signs in: a sibling host has planted one, which would also prevent the new session. A session that cannot be read
 * is found too: it may be possible to write to the store.
 */
export async function findPreviousSessions(
  { backend }: SessionContext,
  existing: RequestCookies,
): Promise<readonly (LoadedSession | PreviousSession)[]> {
  const { sessions } = await backend.identifyAll(existing);
  const acceptedSessions = sessions.filter(({ isAccepted }) => isAccepted);
  const reloadedSessions = await Promise.all(
    acceptedSessions.map((session) => reloadToEnd(backend, session)),
  );
  const sessionsToEnd = reloadedSessions.filter((session) => session !== undefined);
  return [...sessionsToEnd.filter((session) => !hasExpired(session)), ...sessionsToEnd.filter(hasExpired)];
}

const hasExpired = (session: SessionReference | LoadedSession): boolean =>
  'hasExpired' in session && session.hasExpired === true;

/**
 * Selects what the callback needs to end the sessions of a browser that sends no session cookie with the authorization
 * response. Browsers send no `Lax` cookie with a form of the provider's site, and no `Strict` cookie after its redirect.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.2
 */
export async function selectPreviousSessions(
  context: SessionContext,
  existing: RequestCookies,
): Promise<readonly PreviousSession[]> {
  if (isSessionCookieSent(context)) return [];
  // The login continues if the store is unavailable.
  const sessions = await findPreviousSessions(context, existing).catch(() => []);
  return sessions.slice(0, maxStored).map((session) => toPreviousSession(context, session));
}

/** Selects what a callback needs to end the session that began, as {@link selectPreviousSessions} does for older ones. */
export const selectNewSession = (
  context: SessionContext,
  session: SessionReference,
): PreviousSession | undefined =>
  isSessionCookieSent(context) ? undefined : toPreviousSession(context, session);

/** Joins the sessions that a login replaces, without repetitions. The oldest are omitted if there are too many. */
export const joinPreviousSessions = (
  newer: readonly PreviousSession[],
  older: readonly PreviousSession[] = [],
): readonly PreviousSession[] => {
  const keys = new Set(newer.map(({ key }) => key));
  return [...newer, ...older.filter(({ key }) => !keys.has(key))].slice(0, maxStored);
};

/** Checks whether browsers send the session cookie with the authorization response. */
function isSessionCookieSent({ jar, client }: SessionContext): boolean {
  const { sameSite } = jar;
  const isForm = client.options.responseMode?.startsWith('form_post') === true;
  return sameSite !== 'strict' && (sameSite === 'none' || !isForm);
}

const toPreviousSession = ({ backend }: SessionContext, { key, state }: SessionReference): PreviousSession =>
  backend.kind === 'stored' || !state ? { key } : { key, state: selectState(state) };

/** The cookie of a cookie session is the only place of its state. */
function selectState(state: SessionState): SessionState {
  const { id, owner, tokens, createdAt, usedAt, expiresAt, precedingLogoutAt } = state;
  const { refreshToken, claims, identity, updatedAt, refreshCount } = tokens;
  return {
    id,
    owner,
    tokens: {
      accessTokens: [],
      scopes: [],
      updatedAt,
      ...(refreshToken !== undefined && { refreshToken }),
      ...(refreshCount !== undefined && { refreshCount }),
      ...(claims && { claims: selectClaims(claims) }),
      ...(identity && { identity }),
    },
    createdAt,
    usedAt,
    expiresAt,
    ...(precedingLogoutAt !== undefined && { precedingLogoutAt }),
  };
}

const selectClaims = ({ iss, sub, aud, iat, exp, sid }: NonNullable<TokenSet['claims']>) => ({
  iss,
  sub,
  aud,
  iat,
  exp,
  ...(sid !== undefined && { sid }),
});

/** Removes the refresh tokens, so that the others fit in the cookie. */
export const omitRefreshTokens = (sessions: readonly PreviousSession[]): readonly PreviousSession[] =>
  sessions.map((session) => {
    const { state } = session;
    if (state?.tokens.refreshToken === undefined) return session;
    const { refreshToken: _, ...tokens } = state.tokens;
    return { ...session, state: { ...state, tokens }, isTokenOmitted: true };
  });

/** Leaves only the keys of the sessions. They suffice to end them, but not to revoke their refresh tokens. */
export const omitStates = (sessions: readonly PreviousSession[]): readonly PreviousSession[] =>
  omitRefreshTokens(sessions).map(({ state, ...session }) =>
    state ? { ...session, createdAt: state.createdAt } : session,
  );

/**
 * Ends the sessions that a new login replaces, so that a copy of an identifier is no longer valid.
 *
 * @param sessions those of the callback's cookies, and those of the pending login
 * @param tokens the tokens of the new login
 */
export async function endPreviousSessions(
  context: SessionContext,
  sessions: readonly (LoadedSession | PreviousSession)[],
  tokens: TokenSet,
): Promise<void> {
  const keys = new Set<string>();
  for (const session of sessions) {
    if (keys.has(session.key)) continue;
    keys.add(session.key);
    const reference = await findLive(context, session);
    if (!reference) continue;
    const { state } = await endSession(context, reference, 'replaced');
    if (state && mayShareGrant(state.tokens, tokens)) continue;
    if ('isTokenOmitted' in session) reportOmittedRefreshToken(context);
    else await revokeNewestTokens(context, state);
  }
}

/**
 * Revokes the refresh token of a login whose session could not begin: no session has it. It is not revoked if a session of the
 * browser, which continues, may belong to the same grant.
 */
export async function revokeUnusedTokens(
  context: SessionContext,
  tokens: TokenSet,
  { existing, previousSessions }: { existing: RequestCookies; previousSessions: readonly PreviousSession[] },
): Promise<void> {
  try {
    const namedSessions = await Promise.all(previousSessions.map((session) => findLive(context, session)));
    const sessions = [...(await findPreviousSessions(context, existing)), ...namedSessions];
    const continuedSessions = sessions.filter((session) => session && !hasExpired(session));
    if (continuedSessions.some((session) => !session?.state || mayShareGrant(session.state.tokens, tokens)))
      return;
  } catch {
    // It is unknown whether the browser has a session.
    return;
  }
  await revokeEndedLogin(context.client, tokens.refreshToken);
}

/** Returns `undefined` if the session has ended since the login started. */
async function findLive(
  { backend, now }: SessionContext,
  session: LoadedSession | PreviousSession,
): Promise<SessionReference | undefined> {
  if ('version' in session) return session;
  // Only the cookie had the state, and it did not fit in that of the login. It is unknown whether the session has ended.
  if (backend.kind === 'cookie' && !session.state)
    return { key: session.key, pending: { endedAt: Math.max(seconds(now), session.createdAt ?? 0) } };
  return reloadToEnd(backend, session);
}

/** Returns only the reference if the store cannot be read. It may be possible to write to it. */
function reloadToEnd(
  backend: SessionBackend,
  { key, state }: SessionReference,
): Promise<LoadedSession | SessionReference | undefined> {
  const reference = state ? { key, state } : { key };
  return backend.reload(reference, { toEnd: true }).catch(() => reference);
}

function reportOmittedRefreshToken({ client }: SessionContext): void {
  reportIncompleteLogout(
    client,
    'refresh_token',
    new ConfigurationError(
      'cookies_too_large',
      'A login has replaced a session that is of another user, or may be. Its refresh token did not fit in the cookie of the pending login, and was not revoked. Use stored sessions, or "responseMode: \'query\'" with "cookie.sameSite: \'lax\'".',
    ),
  );
}

/**
 * Checks whether the new login may belong to the grant of the previous one: the same user in the same session at the
 * provider. The revocation of a refresh token can revoke its entire grant (RFC 7009 section 2.1), with the new tokens.
 */
function mayShareGrant(previousTokens: TokenSet, tokens: TokenSet): boolean {
  const [previous, next] = [getIdentity(previousTokens), getIdentity(tokens)];
  if (!previous || !next) return true;
  if (previous.iss !== next.iss || previous.sub !== next.sub) return false;
  return previous.sid === undefined || next.sid === undefined || previous.sid === next.sid;
}
