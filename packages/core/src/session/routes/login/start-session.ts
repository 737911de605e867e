import { sha256 } from '#platform';
import { revokeEndedLogin } from '../../../client/logout/incomplete-logout.ts';
import { LoginRequiredError } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import { createRandomToken } from '../../../internal/encoding.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import type { TokenSet } from '../../../tokens/token-set.ts';
import type { SessionReference } from '../../backends/session-backend.ts';
import { type SessionState, toOwner } from '../../backends/state/session-state.ts';
import type { SessionContext } from '../../context.ts';
import type { CookieToSet, RequestCookies } from '../../cookies/cookies.ts';
import {
  endPreviousSessions,
  findPreviousSessions,
  type PreviousSession,
  revokeUnusedTokens,
} from './previous-sessions.ts';

interface NewSession {
  readonly userinfo?: JsonObject | undefined;
  /** Time of the token request, in seconds since the epoch with fraction. Default: unknown. */
  readonly requestedAt?: number;
  /** Random and secret. Default: a new one. */
  readonly identifier?: string;
  /** Sessions of the browser when the login started. Default: only those of the request. */
  readonly previousSessions?: readonly PreviousSession[] | undefined;
}

/** Starts a session with a new identifier. It replaces the sessions of the request. */
export async function startSession(
  context: SessionContext,
  existing: RequestCookies,
  tokens: TokenSet,
  { userinfo, requestedAt, identifier = createRandomToken(), previousSessions = [] }: NewSession = {},
): Promise<{ readonly cookies: readonly CookieToSet[]; readonly session: SessionReference }> {
  const { backend, client, now } = context;
  const time = seconds(now);
  // A logout during the token request also ends the session that starts with its response.
  const createdAt = requestedAt === undefined ? time : Math.floor(requestedAt);
  const sentSessions = await findPreviousSessions(context, existing).catch(() => []);
  const state: SessionState = {
    id: await sha256(identifier),
    owner: toOwner(client),
    tokens,
    ...(userinfo && { userinfo }),
    createdAt,
    usedAt: time,
    expiresAt: createdAt + context.absoluteLifetime,
  };
  const cookies = await backend.create(state, existing, { identifier, requestedAt }).catch(async (error) => {
    // The provider has ended the login of the session.
    if (error instanceof LoginRequiredError) await revokeEndedLogin(client, tokens.refreshToken);
    else await revokeUnusedTokens(context, tokens, { existing, previousSessions });
    throw error;
  });
  await endPreviousSessions(context, [...sentSessions, ...previousSessions], tokens);
  return { cookies, session: { key: state.id, state } };
}
