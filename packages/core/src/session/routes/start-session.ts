import { emitEvent } from '../../client/observability.ts';
import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { ownerOf } from '../backends/session-state.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import type { SessionContext } from '../options.ts';

interface NewSession {
  readonly userinfo?: JsonObject | undefined;
  /** Seconds since the epoch, with their fraction, at which the provider was asked for the tokens. Default: unknown. */
  readonly askedAt?: number;
}

/** A new session, with a new identifier, in place of the one that the request may have brought. */
export async function startSession(
  context: SessionContext,
  existing: RequestCookies,
  tokens: TokenSet,
  { userinfo, askedAt }: NewSession = {},
): Promise<{ readonly cookies: readonly CookieToSet[] }> {
  const { backend, client, now } = context;
  const time = seconds(now);
  // A logout that comes while the provider answers ends the session that comes of the answer.
  const createdAt = askedAt === undefined ? time : Math.floor(askedAt);
  const before = await backend.load(existing).catch(() => undefined);
  const cookies = await backend.create(
    {
      id: createRandomToken(),
      owner: ownerOf(client),
      tokens,
      ...(userinfo && { userinfo }),
      createdAt,
      usedAt: time,
      expiresAt: createdAt + context.absoluteLife,
    },
    existing,
    askedAt,
  );
  // The session of before ends: its identifier, and whatever else knows it, is of no more use.
  if (before)
    await backend.end(before).catch(() => emitEvent(client, { type: 'store.unavailable', port: 'session' }));
  return { cookies };
}
