import { sha256 } from '#platform';
import { getClientContext } from '../../../client/client-context.ts';
import {
  type LogoutTokenClaims,
  logoutTokenMaxAge,
  validateLogoutToken,
} from '../../../client/logout/logout-token.ts';
import { emitEvent } from '../../../client/observability.ts';
import { TransportError, ValidationError, type ValidationErrorCode } from '../../../errors.ts';
import { seconds } from '../../../internal/clock.ts';
import type { ClientSessionMatch } from '../../backends/logout-records/tombstone-keys.ts';
import type { SessionContext } from '../../context.ts';
import { readForm } from '../../http/request-checks.ts';
import { createJsonResponse } from '../../http/responses.ts';
import { addRetryAfter } from '../../pages/error-responses.ts';
import { formatErrorCode, reportFailure } from '../../pages/failure-report.ts';

/**
 * `POST /auth/backchannel-logout`: the provider reports that a session has ended. An invalid token gets 400. A temporary
 * failure gets 503 with `Retry-After`, and the token may be sent again.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest (sections 2.5 to 2.8)
 */
export async function backchannelLogoutRoute(context: SessionContext, request: Request): Promise<Response> {
  const { client } = context;
  try {
    const token = (await readForm(request))?.get('logout_token');
    if (!token)
      throw new ValidationError('request_invalid', 'logout_token', 'The request has no "logout_token".');
    await endMatchingSessions(context, await validateLogoutToken(client, token));
  } catch (error) {
    return createLogoutError(context, error);
  }
  emitEvent(client, { type: 'session.ended', issuer: client.issuer, reason: 'backchannel_logout' });
  return createJsonResponse({});
}

/** Ends the sessions, then marks the token as used: a token whose sessions could not be ended can be sent again. */
async function endMatchingSessions(context: SessionContext, claims: LogoutTokenClaims): Promise<void> {
  const { backend, client, replay, now } = context;
  const { key, timeToLive } = await createReplayEntry(context, claims);
  if (await reportUnavailable(context, 'replay', () => replay.has(key))) {
    throw new ValidationError('logout_token_invalid', 'jti', 'The logout token has been used before.');
  }
  // Two concurrent requests with the same token may both end the sessions. The result is the same.
  await reportUnavailable(context, 'session', () =>
    backend.endMatching(toSessionMatch(claims, client.clientId), now() / 1000),
  );
  // If this fails, the response is 503, and the repeated token ends the sessions again.
  await reportUnavailable(context, 'replay', () => replay.claim(key, timeToLive));
}

/** @throws ValidationError if the token is too old */
async function createReplayEntry(
  { client, now }: SessionContext,
  claims: LogoutTokenClaims,
): Promise<{ readonly key: string; readonly timeToLive: number }> {
  const { clockTolerance } = getClientContext(client);
  const age = seconds(now) - claims.iat;
  if (age >= logoutTokenMaxAge + clockTolerance) {
    throw new ValidationError(
      'logout_token_invalid',
      'iat',
      `The logout token is ${age} seconds old, expected at most ${logoutTokenMaxAge}.`,
    );
  }
  // A replayed token that selects sessions by `sub` would also end later logins (section 2.6, step 9). The key is stored
  // until the token is too old, even if its `exp` is later. `exp` may have a fraction.
  const expiresAt = Math.ceil(Math.min(claims.exp, claims.iat + logoutTokenMaxAge)) + clockTolerance;
  return {
    // A token with several audiences is received by several clients, which may share the store.
    key: `logout ${await sha256(JSON.stringify([claims.iss, client.clientId, claims.jti]))}`,
    timeToLive: Math.ceil(expiresAt * 1000 - now()),
  };
}

async function reportUnavailable<T>(
  { client }: SessionContext,
  port: 'replay' | 'session',
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    emitEvent(client, { type: 'store.unavailable', port });
    throw error;
  }
}

/** A logout token concerns the sessions of its audience (section 2.4), not those of other clients in the same store. */
function toSessionMatch({ iss: issuer, sub, sid }: LogoutTokenClaims, clientId: string): ClientSessionMatch {
  if (sid !== undefined) return { issuer, clientId, sid, ...(sub !== undefined && { sub }) };
  return { issuer, clientId, sub: sub as string };
}

/** Codes for metadata or keys of the provider that are invalid. They do not mean that the token is invalid. */
const providerCodes = new Set<ValidationErrorCode>([
  'metadata_invalid',
  'keys_invalid',
  'response_malformed',
]);

/** The description is a text of this library. It contains nothing of the token. */
function createLogoutError({ client }: SessionContext, error: unknown): Response {
  // Section 2.8 requires 400 for an invalid token. Other failures are temporary.
  const isTokenInvalid = error instanceof ValidationError && !providerCodes.has(error.code);
  const status = isTokenInvalid
    ? 400
    : error instanceof TransportError || error instanceof ValidationError
      ? 503
      : 500;
  reportFailure(error, { route: 'backchannelLogout', status, onEvent: client.options.onEvent });
  const description =
    status === 400 ? formatErrorCode(error) : 'The sessions could not be ended. Send the logout token again.';
  const name = status === 400 ? 'invalid_request' : 'temporarily_unavailable';
  return addRetryAfter(
    createJsonResponse({ error: name, error_description: description }, { status }),
    error,
  );
}
