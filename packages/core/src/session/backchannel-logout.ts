import { contextOf, tell } from '../client/context.ts';
import { type LogoutTokenClaims, validateLogoutToken } from '../client/logout-token.ts';
import { AuthError, ValidationError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { sha256 } from '../internal/encoding.ts';
import type { SessionContext } from './options.ts';
import { readForm } from './request-checks.ts';
import { json } from './responses.ts';
import type { SessionMatch } from './session-store.ts';

/** Seconds after its issue for which a logout token is taken: it is sent at once, and what comes later was kept by somebody. */
const maxAge = 600;

/**
 * `POST /auth/backchannel-logout`: the provider says that a session has ended.
 * Whatever goes wrong is answered with 400, as the provider expects.
 *
 * @see OpenID Connect Back-Channel Logout sections 2.5 to 2.8
 */
export async function backchannelLogoutRoute(context: SessionContext, request: Request): Promise<Response> {
  const { client, keeper } = context;
  const token = (await readForm(request))?.get('logout_token');
  if (!token) return refused('The request has no logout_token.');
  try {
    const claims = await validateLogoutToken(client, token);
    await claimOnce(context, claims);
    await keeper.endWhere(matchOf(claims), context.now() / 1000);
  } catch (error) {
    if (error instanceof AuthError) return refused(error.message);
    tell(client, { type: 'store.unavailable', port: 'session' });
    return refused('The sessions could not be ended.');
  }
  tell(client, { type: 'session.ended', issuer: client.issuer, reason: 'backchannel_logout' });
  return json({});
}

async function claimOnce({ client, replay, now }: SessionContext, claims: LogoutTokenClaims): Promise<void> {
  const { clockTolerance } = contextOf(client);
  const age = seconds(now) - claims.iat;
  if (age > maxAge + clockTolerance) {
    throw new ValidationError(
      'logout_token_invalid',
      'iat',
      'logout token invalid: it was issued too long ago',
    );
  }
  // A token that ends a session by `sub` alone would end later logins as well, as often as it is sent (section 2.6, step 9).
  const life = Math.max(claims.exp - seconds(now) + clockTolerance, maxAge + clockTolerance) * 1000;
  if (!(await replay.claim(`logout ${await sha256(`${claims.iss} ${claims.jti}`)}`, life))) {
    throw new ValidationError('logout_token_invalid', 'jti', 'logout token invalid: it has been used before');
  }
}

function matchOf({ iss, sub, sid }: LogoutTokenClaims): SessionMatch {
  if (sid !== undefined) return { issuer: iss, sid, ...(sub !== undefined && { sub }) };
  return { issuer: iss, sub: sub as string };
}

/** The description is this library's own: nothing of the token is repeated. */
const refused = (description: string) =>
  json({ error: 'invalid_request', error_description: description }, { status: 400 });
