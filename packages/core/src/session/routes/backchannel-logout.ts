import { getClientContext } from '../../client/client-context.ts';
import {
  type LogoutTokenClaims,
  logoutTokenMaxAge,
  validateLogoutToken,
} from '../../client/logout/logout-token.ts';
import { emitEvent } from '../../client/observability.ts';
import { TransportError, ValidationError, type ValidationErrorCode } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import type { SessionMatch } from '../backends/session-store.ts';
import { readForm } from '../http/request-checks.ts';
import { json } from '../http/responses.ts';
import type { SessionContext } from '../options.ts';
import { nameFailure, reportFailure, withRetryAfter } from './failures.ts';

/**
 * `POST /auth/backchannel-logout`: the provider says that a session has ended.
 * A token that is refused for good is answered with 400. What cannot be known or done now is answered with 503 and
 * `Retry-After`, and the token may be sent again.
 *
 * @see OpenID Connect Back-Channel Logout sections 2.5 to 2.8
 */
export async function backchannelLogoutRoute(context: SessionContext, request: Request): Promise<Response> {
  const { client } = context;
  try {
    const token = (await readForm(request))?.get('logout_token');
    if (!token)
      throw new ValidationError('request_invalid', 'logout_token', 'The request has no logout_token.');
    await endByLogoutToken(context, await validateLogoutToken(client, token));
  } catch (error) {
    return refuse(context, error);
  }
  emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason: 'backchannel_logout' });
  return json({});
}

async function endByLogoutToken(context: SessionContext, claims: LogoutTokenClaims): Promise<void> {
  const { client, backend, now } = context;
  const release = await claimOnce(context, claims);
  try {
    await backend.endWhere(matchOf(claims), now() / 1000);
  } catch (error) {
    emitEvent(client, { type: 'store.unavailable', port: 'session' });
    // Nothing has ended for certain: the same token must be able to end it when the provider sends it again.
    await release();
    throw error;
  }
}

/** @returns makes the token usable again */
async function claimOnce(context: SessionContext, claims: LogoutTokenClaims): Promise<() => Promise<void>> {
  const { client, replay, now, unfinishedLogouts } = context;
  const { clockTolerance } = getClientContext(client);
  const age = seconds(now) - claims.iat;
  if (age >= logoutTokenMaxAge + clockTolerance) {
    throw new ValidationError(
      'logout_token_invalid',
      'iat',
      `The logout token was issued ${age} seconds ago, more than ${logoutTokenMaxAge}.`,
    );
  }
  // A token that ends a session by `sub` alone would end later logins as well, as often as it is sent (section 2.6, step 9).
  // It is remembered until it is too old, however far its `exp` is. `exp` may have a fraction.
  const end = Math.ceil(Math.min(claims.exp, claims.iat + logoutTokenMaxAge)) + clockTolerance;
  const life = Math.ceil(end * 1000 - now());
  const key = `logout ${await sha256(`${claims.iss} ${claims.jti}`)}`;
  const isNew = await replay.claim(key, life).catch((error: unknown) => {
    emitEvent(client, { type: 'store.unavailable', port: 'replay' });
    throw error;
  });
  if (!isNew && !unfinishedLogouts.delete(key)) {
    throw new ValidationError('logout_token_invalid', 'jti', 'The logout token has been used before.');
  }
  return async () => {
    // Only tokens that the provider has signed come here, so that no stranger fills this set.
    if (unfinishedLogouts.size < maxUnfinished) unfinishedLogouts.add(key);
    const released = replay.release?.(key);
    await released?.then(
      () => unfinishedLogouts.delete(key),
      () => {},
    );
  };
}

/** Logouts at most that this process remembers as begun and not done. */
const maxUnfinished = 1_000;

function matchOf({ iss, sub, sid }: LogoutTokenClaims): SessionMatch {
  if (sid !== undefined) return { issuer: iss, sid, ...(sub !== undefined && { sub }) };
  return { issuer: iss, sub: sub as string };
}

/** The provider's metadata or keys were wrong or could not be read, which says nothing about the token. */
const aboutProvider = new Set<ValidationErrorCode>([
  'metadata_invalid',
  'keys_invalid',
  'response_malformed',
]);

/** The description is this library's own: nothing of the token is repeated. */
function refuse({ client }: SessionContext, error: unknown): Response {
  // Section 2.8 wants 400 for a token that is not valid. Everything else is a failure of this side, which may pass.
  const isOfToken = error instanceof ValidationError && !aboutProvider.has(error.code);
  const status = isOfToken
    ? 400
    : error instanceof TransportError || error instanceof ValidationError
      ? 503
      : 500;
  reportFailure(error, { route: 'backchannelLogout', status, onEvent: client.options.onEvent });
  const description =
    status === 400 ? nameFailure(error) : 'The sessions could not be ended. Send the logout token again.';
  const name = status === 400 ? 'invalid_request' : 'temporarily_unavailable';
  return withRetryAfter(json({ error: name, error_description: description }, { status }), error);
}
