import { ConfigurationError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { isJsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { findTokenIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { verifyJws } from '../wire/jwt/verify-jws.ts';

/** Claims of a validated logout token. The sessions with `sid` end, or without `sid` all sessions of `sub`. */
export interface LogoutTokenClaims {
  readonly iss: string;
  readonly sub?: string;
  readonly sid?: string;
  /** Unique identifier. Store it until `exp` and reject a second token with the same value. */
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. With `allowLogoutTokenWithoutExp`, if the token has no `exp`: 600 seconds after `iat`. */
  readonly exp: number;
}

/**
 * Maximum age of a logout token in seconds. Providers send a logout token immediately, so an older one was stored and
 * replayed.
 */
export const logoutTokenMaxAge = 600;

const backchannelLogoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Validates a logout token, which the provider posts to the back-channel logout URI.
 *
 * Respond with 200 after the sessions ended, with 400 to a `ValidationError`, and with 503 and `Retry-After` to a
 * `TransportError`, so that the provider tries again. Set `Cache-Control: no-store` in each response.
 *
 * @throws ConfigurationError `unsupported_by_provider` if the preset is one for OAuth 2 logins
 * @throws ValidationError `logout_token_invalid`
 * @throws TransportError if the provider's keys cannot be fetched, or if too many logout tokens have unknown keys. The
 *   token may be valid. `retryAfter` contains the seconds until the next attempt.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
 * @example
 * ```ts
 * import { type Client, validateLogoutToken } from '@countersign/core';
 *
 * async function readLogout(client: Client, request: Request): Promise<string | undefined> {
 *   const form = new URLSearchParams(await request.text());
 *   const { sid, sub } = await validateLogoutToken(client, form.get('logout_token') ?? '');
 *   return sid ?? sub;
 * }
 * ```
 */
export async function validateLogoutToken(client: Client, logoutToken: string): Promise<LogoutTokenClaims> {
  return traceOperation(client, 'validateLogoutToken', async () => {
    const { options, issuerRule, now, clockTolerance } = getClientContext(client);
    if (options.provider?.oauth2Userinfo) {
      throw new ConfigurationError(
        'unsupported_by_provider',
        `Logins at "${options.provider.name}" are OAuth 2 without OpenID Connect: the provider signs no logout tokens.`,
      );
    }
    const alg = options.idTokenSignedResponseAlg ?? 'RS256';
    const { header, claims } = await verifyJws(client, logoutToken, {
      alg,
      code: 'logout_token_invalid',
      sender: 'anyone',
    });
    const time = seconds(now);
    // Some providers send `null` for absent claims, and an empty text for an absent `sub` or `sid`.
    const { iss, aud, jti, iat, exp, events, nonce, ...selection } = removeNullMembers(claims);
    const [sub, sid] = [selection.sub, selection.sid].map((value) => (value === '' ? undefined : value));
    // A token of another type that the provider signs is not a logout token (RFC 8725 section 3.11).
    const typ = header.typ ?? 'JWT';
    require(typeof typ === 'string' && /^(application\/)?(jwt|logout\+jwt)$/i.test(typ), 'typ');
    // The application is not asked for the tenant: the sessions of a tenant that it no longer accepts end too.
    require(typeof iss === 'string' && iss === findTokenIssuer(issuerRule, claims), 'iss');
    require([aud].flat().includes(client.clientId), 'aud');
    require(isNumber(iat) && iat <= time + clockTolerance, 'iat');
    // Section 2.4 requires `exp`, but some providers omit it (Ory Hydra, Casdoor). `iat` limits the age of those tokens.
    require(exp !== undefined || options.allowLogoutTokenWithoutExp === true, 'exp');
    const expiry = exp ?? iat + logoutTokenMaxAge;
    require(isNumber(expiry) && expiry > time - clockTolerance, exp === undefined ? 'iat' : 'exp');
    require(typeof jti === 'string' && jti !== '', 'jti');
    require(sub === undefined || typeof sub === 'string', 'sub');
    require(sid === undefined || typeof sid === 'string', 'sid');
    require(sub !== undefined || sid !== undefined, 'sub');
    require(isJsonObject(events) && isJsonObject(events[backchannelLogoutEvent]), 'events');
    // An ID token has a nonce. An attacker must not use it as a logout token (section 2.4).
    require(nonce === undefined, 'nonce');
    return {
      iss,
      jti,
      iat,
      exp: expiry,
      ...(sub !== undefined && { sub }),
      ...(sid !== undefined && { sid }),
    };
  });
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

function require(isValid: boolean, check: string): asserts isValid {
  if (isValid) return;
  throw new ValidationError('logout_token_invalid', check, `Logout token "${check}" is invalid.`);
}
