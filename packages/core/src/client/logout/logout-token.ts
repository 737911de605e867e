import { ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { isJsonObject, type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { verifyJws } from '../wire/verify-jws.ts';

/** Whose sessions end: those of `sid` if it is there, otherwise all of `sub`. */
export interface LogoutTokenClaims {
  readonly iss: string;
  readonly sub?: string;
  readonly sid?: string;
  /** Unique: remember it until `exp` and refuse it the second time. */
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. 600 seconds after `iat` if the token does not say it. */
  readonly exp: number;
}

/**
 * Seconds after its issue for which a logout token is accepted: it is sent at once, and one that comes later was stored
 * by somebody.
 */
export const logoutTokenMaxAge = 600;

const backchannelLogout = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Validates the logout token that the provider posts to the back-channel logout URI.
 * Answer 200 when it is valid and the sessions have ended, 400 when this throws a `ValidationError`, and 503 with
 * `Retry-After` when it throws a `TransportError`, so that the provider tries again; all with `Cache-Control: no-store`.
 *
 * @throws ValidationError `logout_token_invalid`
 * @throws TransportError when the provider's keys cannot be fetched, or too many logout tokens name unknown keys: this one
 *   may be valid, and `retryAfter` says when to try again
 * @see OpenID Connect Back-Channel Logout section 2.6
 */
export async function validateLogoutToken(client: Client, logoutToken: string): Promise<LogoutTokenClaims> {
  return traceOperation(client, 'validateLogoutToken', async () => {
    const { options, now, clockTolerance } = getClientContext(client);
    const alg = options.idTokenSignedResponseAlg ?? 'RS256';
    const { header, claims } = await verifyJws(client, logoutToken, {
      alg,
      code: 'logout_token_invalid',
      sender: 'anyone',
    });
    const time = seconds(now);
    // Providers write `null` for what they do not say.
    const { iss, sub, sid, aud, jti, iat, exp, events, nonce } = removeNullMembers(claims);
    // A token of another kind that the provider also signs is none (RFC 8725 section 3.11).
    const typ = header.typ ?? 'JWT';
    require(typeof typ === 'string' && /^(application\/)?(jwt|logout\+jwt)$/i.test(typ), 'typ');
    require(iss === client.issuer, 'iss');
    require([aud].flat().includes(client.clientId), 'aud');
    require(isNumber(iat) && iat <= time + clockTolerance, 'iat');
    // Section 2.4 requires `exp`, and some providers leave it out (Ory Hydra, Casdoor). `iat` bounds those tokens.
    const end = exp ?? iat + logoutTokenMaxAge;
    require(isNumber(end) && end > time - clockTolerance, exp === undefined ? 'iat' : 'exp');
    require(typeof jti === 'string' && jti !== '', 'jti');
    require(sub === undefined || (typeof sub === 'string' && sub !== ''), 'sub');
    require(sid === undefined || (typeof sid === 'string' && sid !== ''), 'sid');
    require(sub !== undefined || sid !== undefined, 'sub');
    require(isJsonObject(events) && isEvent(events), 'events');
    // An ID token has a nonce: it must not be usable to log its user out (section 2.4).
    require(nonce === undefined, 'nonce');
    return {
      iss,
      jti,
      iat,
      exp: end,
      ...(sub !== undefined && { sub }),
      ...(sid !== undefined && { sid }),
    };
  });
}

const isEvent = (events: JsonObject) => isJsonObject(events[backchannelLogout]);
const isNumber = (value: unknown): value is number => Number.isFinite(value);

function require(valid: boolean, check: string): asserts valid {
  if (!valid) {
    throw new ValidationError(
      'logout_token_invalid',
      check,
      `logout token invalid: ${check} is not what it must be`,
    );
  }
}
