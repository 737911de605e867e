import { emitEvent } from '../../client/observability.ts';
import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { toOwner } from '../backends/session-state.ts';
import type { SessionContext } from '../context.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';

interface NewSession {
  readonly userinfo?: JsonObject | undefined;
  /** Time of the token request, in seconds since the epoch with fraction. Default: unknown. */
  readonly requestedAt?: number;
}

/** Starts a session with a new identifier. It replaces the session of the request, if there is one. */
export async function startSession(
  context: SessionContext,
  existing: RequestCookies,
  tokens: TokenSet,
  { userinfo, requestedAt }: NewSession = {},
): Promise<{ readonly cookies: readonly CookieToSet[] }> {
  const { backend, client, now } = context;
  const time = seconds(now);
  // A logout during the token request also ends the session that starts with its response.
  const createdAt = requestedAt === undefined ? time : Math.floor(requestedAt);
  const previousSession = await backend.load(existing).catch(() => undefined);
  const cookies = await backend.create(
    {
      id: createRandomToken(),
      owner: toOwner(client),
      tokens,
      ...(userinfo && { userinfo }),
      createdAt,
      usedAt: time,
      expiresAt: createdAt + context.absoluteLifetime,
    },
    existing,
    requestedAt,
  );
  // End the previous session, so that a copy of its identifier is no longer valid.
  if (previousSession) {
    await backend
      .end(previousSession)
      .catch(() => emitEvent(client, { type: 'store.unavailable', port: 'session' }));
  }
  return { cookies };
}
